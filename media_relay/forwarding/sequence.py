"""Sequence numbers that do not wrap: 16 bits on the wire, as many as needed inside."""

HALF = 1 << 15
WHOLE = 1 << 16


class SequenceUnwrapper:
    """Turns 16-bit sequence numbers into ever-growing ones (RFC 3550 appendix A.1).

    Each number is taken to lie within 32,768 of the highest one so far.
    """

    def __init__(self) -> None:
        self._highest: int | None = None

    @property
    def highest(self) -> int | None:
        """The highest number so far; None before the first."""
        return self._highest

    def unwrap(self, sequence: int) -> int:
        if self._highest is None:
            # Room below for packets older than the first one seen.
            self._highest = sequence + WHOLE
            return self._highest
        extended = near(sequence, self._highest)
        self._highest = max(self._highest, extended)
        return extended


def near(sequence: int, reference: int) -> int:
    """The extended number whose low 16 bits are `sequence` and that is nearest to `reference`."""
    return reference + (sequence - reference + HALF) % WHOLE - HALF
