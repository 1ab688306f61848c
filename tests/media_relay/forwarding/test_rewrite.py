"""One unbroken stream for the viewer whatever happens behind it."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.rewrite import Origin, StreamRewriter

FIRST = 65_536 + 65_530  # six packets before the wrap


def rewriter() -> StreamRewriter:
    return StreamRewriter(first_sequence=FIRST, first_timestamp=1_000, clock_rate=90_000)


def test_map_numbers_start_at_the_first_and_keep_their_distances() -> None:
    stream = rewriter()
    stream.switch(sequence=500, timestamp=7_000, now=0.0)

    assert [stream.map_sequence(number) for number in (500, 502, 501)] == [
        FIRST,
        FIRST + 2,
        FIRST + 1,
    ]
    assert stream.map_timestamp(7_000, 0.0) == 1_000
    assert stream.map_timestamp(10_000, 0.03) == 4_000


def test_map_sequence_before_the_switch_is_left_out() -> None:
    stream = rewriter()
    stream.switch(sequence=500, timestamp=0, now=0.0)

    assert stream.map_sequence(499) is None


def test_switch_to_another_source_goes_on_without_a_hole() -> None:
    stream = rewriter()
    stream.switch(sequence=500, timestamp=7_000, now=0.0)
    stream.map_sequence(500)
    stream.map_sequence(501)
    stream.map_timestamp(7_000, 1.0)

    stream.switch(sequence=90_000, timestamp=123, now=1.5)

    assert stream.map_sequence(90_000) == FIRST + 2
    assert stream.map_timestamp(123, 1.5) == 1_000 + 45_000
    assert stream.map_sequence(502) is None


def test_switch_at_the_same_moment_moves_the_timestamp_at_least_one_tick() -> None:
    stream = rewriter()
    stream.switch(sequence=1, timestamp=0, now=0.0)
    stream.map_timestamp(0, 1.0)

    stream.switch(sequence=1, timestamp=0, now=1.0)

    assert stream.map_timestamp(0, 1.0) == 1_001


def test_map_timestamp_over_the_wrap() -> None:
    stream = StreamRewriter(first_sequence=1, first_timestamp=2**32 - 10, clock_rate=90_000)
    stream.switch(sequence=1, timestamp=5, now=0.0)

    assert stream.map_timestamp(5, 0.0) == 2**32 - 10
    assert stream.map_timestamp(25, 0.0) == 10


def test_swallow_closes_the_numbering() -> None:
    stream = rewriter()
    stream.switch(sequence=500, timestamp=0, now=0.0)
    stream.map_sequence(500)

    stream.swallow(501)
    stream.swallow(502)

    assert stream.map_sequence(503) == FIRST + 1
    assert stream.map_sequence(501) is None
    assert stream.map_sequence(502) is None


def test_swallow_late_padding_leaves_given_numbers_alone() -> None:
    stream = rewriter()
    stream.switch(sequence=500, timestamp=0, now=0.0)
    stream.map_sequence(500)
    stream.map_sequence(502)

    stream.swallow(501)

    assert stream.map_sequence(503) == FIRST + 3


def test_swallow_with_a_packet_still_missing_before_keeps_its_place() -> None:
    stream = rewriter()
    stream.switch(sequence=500, timestamp=0, now=0.0)
    stream.map_sequence(500)

    stream.swallow(502)

    assert stream.map_sequence(503) == FIRST + 2
    assert stream.map_sequence(501) == FIRST + 1


def test_origin_leads_back_through_switches_and_swallowed_packets() -> None:
    stream = rewriter()
    stream.switch(sequence=500, timestamp=0, now=0.0)
    stream.map_sequence(500)
    stream.swallow(501)
    stream.map_sequence(502)
    stream.switch(sequence=90_000, timestamp=0, now=1.0)
    stream.map_sequence(90_000)

    origins = [stream.origin(FIRST + index) for index in range(3)]

    assert origins == [Origin(1, 500), Origin(1, 502), Origin(2, 90_000)]
    assert stream.origin(FIRST - 1) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["media", "padding", "lost"]), st.booleans()),
        min_size=1,
        max_size=120,
    )
)
def test_any_stream_in_order_gives_numbers_with_holes_only_for_losses(
    steps: list[tuple[str, bool]],
) -> None:
    """After swallowing and switching, a hole in the output is a packet lost before the relay."""
    stream = rewriter()
    stream.switch(sequence=0, timestamp=0, now=0.0)
    outputs: list[int] = []
    lost_since = 0
    for sequence, (kind, is_switch) in enumerate(steps):
        if kind == "lost":
            lost_since += 1
            continue
        if kind == "padding":
            stream.swallow(sequence)
            continue
        if is_switch:
            stream.switch(sequence=sequence, timestamp=0, now=0.0)
            lost_since = 0
        output = stream.map_sequence(sequence)
        assert output is not None
        origin = stream.origin(output)
        assert origin == Origin(stream.epoch, sequence)
        if outputs:
            assert output == outputs[-1] + 1 + lost_since
        outputs.append(output)
        lost_since = 0
