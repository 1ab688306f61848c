"""Disorder, loss and repair within the window."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.recording.ordering import MAX_WAITING, WINDOW_S, ReorderBuffer
from tests.media_relay.packets import stored


def numbers(due) -> list[tuple[int, bool]]:  # type: ignore[no-untyped-def]
    return [(entry.packet.sequence, entry.is_after_loss) for entry in due]


def test_repaired_packet_takes_its_place() -> None:
    order = ReorderBuffer(starts_at_key_frame=False)

    got = [numbers(order.push(stored(n), at)) for n, at in ((1, 0.0), (3, 0.1), (4, 0.1), (2, 0.3))]

    assert got == [[(1, False)], [], [], [(2, False), (3, False), (4, False)]]


def test_missing_packet_is_given_up_after_the_window() -> None:
    order = ReorderBuffer(starts_at_key_frame=False)
    numbers(order.push(stored(1), 0.0))
    numbers(order.push(stored(3), 0.1))

    assert numbers(order.due(0.1 + WINDOW_S - 0.01)) == []
    assert numbers(order.due(0.1 + WINDOW_S)) == [(3, True)]
    assert numbers(order.push(stored(2), 0.6)) == []


def test_waiting_packets_are_bounded() -> None:
    order = ReorderBuffer(starts_at_key_frame=False)
    numbers(order.push(stored(0), 0.0))

    got = [n for k in range(MAX_WAITING + 1) for n in numbers(order.push(stored(2 + k), 0.0))]

    assert got[0] == (2, True)
    assert len(got) == MAX_WAITING + 1


def test_packets_that_overtook_the_key_frame_follow_it() -> None:
    order = ReorderBuffer(starts_at_key_frame=True)

    early = numbers(order.push(stored(6), 0.0))
    got = numbers(order.push(stored(5, is_key_frame_start=True), 0.0))

    assert (early, got) == ([], [(5, False), (6, False)])


@given(st.permutations(range(30)))
def test_any_disorder_within_the_window_comes_out_in_order(sequence: list[int]) -> None:
    order = ReorderBuffer(starts_at_key_frame=False)
    first = sequence[0]

    got = [n for number in sequence for n in numbers(order.push(stored(number), 0.0))]
    got += numbers(order.flush())

    assert got == [(number, False) for number in range(first, 30)]
