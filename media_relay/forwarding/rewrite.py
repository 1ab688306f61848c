"""Give a viewer one unbroken stream whatever changes behind it (RFC 3550 section 5.1).

Sources come and go, are paused, and the viewer is moved from one layer of a camera to another.
Between two such changes the numbers a viewer sees differ from the source's by constants, the
`Offsets`: all viewers of a source can be served with one addition for each kind of number.
"""

from collections import deque
from typing import NamedTuple

from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.source import SourceStream

MAX_SEGMENTS = 8  # changes over which a lost packet can still be found
MAX_CLOCK_DISAGREEMENT_S = 1.0
WRAP = 1 << 32


class Offsets(NamedTuple):
    """What is added to a source's numbers, modulo the width of each field."""

    sequence: int = 0  # of the extended numbers
    timestamp: int = 0
    picture_id: int = 0
    tl0: int = 0


class Segment(NamedTuple):
    """A stretch of the viewer's stream that comes from one source."""

    source: SourceStream
    start: int  # the source's first number in it
    offsets: Offsets

    @property
    def first(self) -> int:
        """The viewer's first number in it."""
        return self.start + self.offsets.sequence


class StreamRewriter:
    """Maps the numbers of changing sources onto one output stream."""

    def __init__(self, *, first_sequence: int, first_timestamp: int, clock_rate: int) -> None:
        self.next_sequence = first_sequence  # extended: of the next new packet
        self._clock_rate = clock_rate
        self._first_timestamp = first_timestamp
        self._segments: deque[Segment] = deque(maxlen=MAX_SEGMENTS)
        self._timestamp: int | None = None  # the newest that was sent
        self._sent_at = 0.0
        self._picture_id: int | None = None
        self._tl0: int | None = None

    @property
    def segment(self) -> Segment | None:
        """Where the packets come from now; None before the first."""
        return self._segments[-1] if self._segments else None

    def forget_sources(self) -> None:
        """Another person's source follows: earlier packets and clocks mean nothing any more."""
        self._segments.clear()

    def switch(self, source: SourceStream, packet: StoredPacket, now: float) -> Segment:
        """The stream goes on with `packet` of `source`."""
        segment = Segment(
            source,
            packet.sequence,
            Offsets(
                sequence=self.next_sequence - packet.sequence,
                timestamp=(self._next_timestamp(source, packet, now) - packet.timestamp) % WRAP,
                picture_id=_go_on(self._picture_id, packet.picture_id, packet.picture_mask),
                tl0=_go_on(self._tl0, packet.tl0, 0xFF if packet.tl0_at else 0),
            ),
        )
        self._segments.append(segment)
        return segment

    def note(self, packet: StoredPacket, now: float) -> None:
        """A packet of the present segment was sent: the next source goes on behind it."""
        offsets = self._segments[-1].offsets
        self.next_sequence = max(self.next_sequence, packet.sequence + offsets.sequence + 1)
        timestamp = (packet.timestamp + offsets.timestamp) % WRAP
        if self._timestamp is None or _is_newer(timestamp, self._timestamp, WRAP):
            self._timestamp, self._sent_at = timestamp, now
        if packet.picture_mask:
            mask = packet.picture_mask
            picture_id = (packet.picture_id + offsets.picture_id) & mask
            known = self._picture_id
            if known is None or _is_newer(picture_id, known & mask, mask + 1):
                self._picture_id = picture_id
        if packet.tl0_at:
            tl0 = (packet.tl0 + offsets.tl0) & 0xFF
            if self._tl0 is None or _is_newer(tl0, self._tl0, 0x100):
                self._tl0 = tl0

    def origin(self, output: int) -> Segment | None:
        """The segment that the viewer's number (extended) belongs to."""
        for segment in reversed(self._segments):
            if output >= segment.first:
                return segment
        return None

    def _next_timestamp(self, source: SourceStream, packet: StoredPacket, now: float) -> int:
        """When the packet is to be shown, on the viewer's timeline.

        Layers of one camera start at random timestamps. Their sender reports say which of them
        belong together; before both are known, the time since the last packet is near enough.
        """
        if self._timestamp is None:
            return self._first_timestamp
        elapsed = round((now - self._sent_at) * self._clock_rate)
        wanted = self._by_clock(source, packet)
        if wanted is None:
            ahead = elapsed
        else:
            ahead = _distance(wanted, self._timestamp, WRAP)
            if abs(ahead - elapsed) > MAX_CLOCK_DISAGREEMENT_S * self._clock_rate:
                ahead = elapsed
        # At least one tick: two frames with one timestamp would be taken for one frame.
        return (self._timestamp + max(1, ahead)) % WRAP

    def _by_clock(self, source: SourceStream, packet: StoredPacket) -> int | None:
        previous = self.segment
        if previous is None:
            return None
        if previous.source is source:
            return packet.timestamp + previous.offsets.timestamp
        if source.clock_mark is None or previous.source.clock_mark is None:
            return None
        captured = source.clock_mark.time_of(packet.timestamp, source.clock_rate)
        before = previous.source.clock_mark.timestamp_of(captured, previous.source.clock_rate)
        return before + previous.offsets.timestamp


def _go_on(last: int | None, number: int, mask: int) -> int:
    """The offset with which `number` follows `last`."""
    return 0 if last is None or not mask else (last + 1 - number) & mask


def _distance(number: int, reference: int, whole: int) -> int:
    """How far `number` lies ahead of `reference` on a circle; negative when behind."""
    return (number - reference + whole // 2) % whole - whole // 2


def _is_newer(number: int, reference: int, whole: int) -> bool:
    return _distance(number, reference, whole) > 0
