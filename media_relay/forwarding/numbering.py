"""Number the packets of one source without the padding in it.

Browsers send packets of nothing but padding to probe the bandwidth. Nobody gets them; here the
numbers behind them are closed up once for all viewers, so that each viewer's numbers differ from
the source's by one constant until it is switched.
"""

from collections import deque
from typing import NamedTuple

MAX_SEGMENTS = 64  # a packet from before the oldest one is too old to be of use


class _Segment(NamedTuple):
    """From source number `start` on, `offset` packets before were left out."""

    start: int
    offset: int


class DenseNumbering:
    """Maps a source's numbers (extended) to numbers without the packets that were left out."""

    def __init__(self) -> None:
        self._segments: deque[_Segment] = deque([_Segment(0, 0)], maxlen=MAX_SEGMENTS)
        self._next = 0  # the first number that was not given away yet

    def number(self, sequence: int) -> int | None:
        """The packet's number; None when it was left out or is too old."""
        following: _Segment | None = None
        for segment in reversed(self._segments):
            if sequence >= segment.start:
                number = sequence - segment.offset
                # An earlier stretch ends where the next begins; what was left out lies between.
                if following is not None and number >= following.start - following.offset:
                    return None
                self._next = max(self._next, number + 1)
                return number
            following = segment
        return None

    def leave_out(self, sequence: int) -> bool:
        """Close the numbers behind this packet; false when they are given away already."""
        last = self._segments[-1]
        if sequence < last.start or sequence - last.offset < self._next:
            return False
        if sequence == last.start and len(self._segments) > 1:
            self._segments.pop()  # nothing came between: one stretch is enough
        self._segments.append(_Segment(sequence + 1, last.offset + 1))
        return True
