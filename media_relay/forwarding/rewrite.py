"""Give a viewer one unbroken stream whatever changes behind it (RFC 3550 section 5.1).

Sources come and go, are paused, and send packets that are swallowed here; the numbers that the
viewer sees go on without a hole, and still lead back to the source's packet when it is lost.
"""

from collections import deque
from typing import NamedTuple

MAX_SEGMENTS = 32
WRAP = 1 << 32


class _Segment(NamedTuple):
    """From source number `start` on, the viewer's number is the source's minus `offset`."""

    epoch: int  # counts sources: numbers of different sources have nothing in common
    start: int
    offset: int


class Origin(NamedTuple):
    """Where a viewer's packet came from."""

    epoch: int
    sequence: int


class StreamRewriter:
    """Maps sequence numbers and timestamps of changing sources onto one output stream."""

    def __init__(self, *, first_sequence: int, first_timestamp: int, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._next_sequence = first_sequence
        self._segments: deque[_Segment] = deque(maxlen=MAX_SEGMENTS)
        self._timestamp_offset = 0
        self._first_timestamp = first_timestamp
        self._last: tuple[int, float] | None = None  # last output timestamp, and when

    @property
    def next_sequence(self) -> int:
        """The number (extended) that the next new packet of the viewer will have."""
        return self._next_sequence

    @property
    def epoch(self) -> int:
        """The number of the present source; 0 before the first."""
        return self._segments[-1].epoch if self._segments else 0

    @property
    def timestamp_offset(self) -> int:
        """Output timestamp minus source timestamp, modulo 2**32."""
        return self._timestamp_offset

    def switch(self, *, sequence: int, timestamp: int, now: float) -> None:
        """The packet with this number and timestamp starts a new source."""
        if self._last is None:
            wanted = self._first_timestamp
        else:
            last_timestamp, since = self._last
            # At least one tick: two frames with one timestamp would be taken for one frame.
            wanted = last_timestamp + max(1, round((now - since) * self._clock_rate))
        self._timestamp_offset = (wanted - timestamp) % WRAP
        self._segments.append(_Segment(self.epoch + 1, sequence, sequence - self._next_sequence))

    def map_sequence(self, sequence: int) -> int | None:
        """The viewer's number, or None for a packet before the switch or one swallowed."""
        for segment in reversed(self._segments):
            if segment.epoch != self.epoch:
                return None
            if sequence >= segment.start:
                return self._advance(sequence - segment.offset, segment)
        return None

    def _advance(self, output: int, segment: _Segment) -> int | None:
        if segment is not self._segments[-1]:
            # An earlier stretch ends where the next begins; the swallowed number lies between.
            following = self._segments[self._segments.index(segment) + 1]
            return output if output < following.start - following.offset else None
        self._next_sequence = max(self._next_sequence, output + 1)
        return output

    def map_timestamp(self, timestamp: int, now: float) -> int:
        """The viewer's timestamp."""
        output = (timestamp + self._timestamp_offset) % WRAP
        self._last = (output, now)
        return output

    def swallow(self, sequence: int) -> None:
        """Leave out this packet of the source and close the numbering behind it.

        Only a packet beyond the newest forwarded one can be left out; for an older one the numbers
        after it are already given away.
        """
        if not self._segments:
            return
        segment = self._segments[-1]
        if sequence >= segment.start and sequence - segment.offset >= self._next_sequence:
            self._segments.append(_Segment(segment.epoch, sequence + 1, segment.offset + 1))

    def origin(self, output: int) -> Origin | None:
        """Which source packet the viewer's number (extended) stands for."""
        upper: int | None = None
        for segment in reversed(self._segments):
            lower = segment.start - segment.offset
            if output >= lower and (upper is None or output < upper):
                return Origin(segment.epoch, output + segment.offset)
            upper = lower
        return None
