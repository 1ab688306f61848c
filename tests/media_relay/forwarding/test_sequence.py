"""Numbers across the wrap."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.sequence import SequenceUnwrapper, near


def test_unwrap_over_the_wrap_goes_on() -> None:
    unwrapper = SequenceUnwrapper()

    numbers = [unwrapper.unwrap(sequence) for sequence in (65_534, 65_535, 0, 65_533, 1)]

    assert [number - numbers[0] for number in numbers] == [0, 1, 2, -1, 3]
    assert unwrapper.highest == numbers[-1]


def test_unwrap_packet_older_than_the_first_stays_positive() -> None:
    unwrapper = SequenceUnwrapper()
    unwrapper.unwrap(0)

    assert unwrapper.unwrap(65_535) >= 0


@given(st.integers(0, 2**40), st.integers(-32_768, 32_767))
def test_near_undoes_the_truncation(reference: int, distance: int) -> None:
    number = reference + distance

    assert near(number % 65_536, reference) == number
