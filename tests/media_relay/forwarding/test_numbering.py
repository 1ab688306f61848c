"""Numbers without the padding in between."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.numbering import MAX_SEGMENTS, DenseNumbering


def test_number_without_padding_stays() -> None:
    numbering = DenseNumbering()

    assert [numbering.number(sequence) for sequence in (500, 502, 501)] == [500, 502, 501]


def test_leave_out_closes_the_numbers() -> None:
    numbering = DenseNumbering()
    numbering.number(500)

    assert numbering.leave_out(501)
    assert numbering.leave_out(502)

    assert numbering.number(503) == 501
    assert [numbering.number(sequence) for sequence in (501, 502)] == [None, None]
    assert [numbering.number(sequence) for sequence in (503, 500)] == [501, 500]


def test_leave_out_late_padding_keeps_its_number() -> None:
    numbering = DenseNumbering()
    numbering.number(500)
    numbering.number(502)

    assert not numbering.leave_out(501)

    assert numbering.number(501) == 501


def test_leave_out_with_a_packet_missing_before_keeps_its_place() -> None:
    numbering = DenseNumbering()
    numbering.number(500)

    assert numbering.leave_out(502)

    assert [numbering.number(sequence) for sequence in (503, 501)] == [502, 501]


def test_number_from_before_the_oldest_stretch_is_too_old() -> None:
    numbering = DenseNumbering()
    for sequence in range(0, 4 * MAX_SEGMENTS, 2):
        numbering.number(sequence)
        numbering.leave_out(sequence + 1)

    assert numbering.number(0) is None


@given(st.lists(st.sampled_from(["media", "padding", "lost"]), min_size=1, max_size=200))
def test_any_stream_has_holes_only_where_something_was_lost(kinds: list[str]) -> None:
    numbering = DenseNumbering()
    expected = 0
    for sequence, kind in enumerate(kinds):
        if kind == "padding":
            assert numbering.leave_out(sequence)
            continue
        if kind == "media":
            assert numbering.number(sequence) == expected
        expected += 1
