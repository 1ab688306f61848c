"""How well a participant is heard and hears: loss, jitter, bitrate, round trip. Pure arithmetic.

Loss is what the network lost, before any repair: it says where a complaint comes from.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from media_relay.forwarding.rtcp import ReportBlock
from media_relay.protocol import PathQuality

MAX_REPORTS_KEPT = 256  # sender reports whose echo is awaited; the oldest is forgotten first
MAX_ROUND_TRIP_S = 30.0  # an older echo says nothing about the network of today


@dataclass
class _Source:
    """The last report on one source, and what it has added since the figures were read."""

    highest_sequence: int
    packets_lost: int
    jitter_ms: float
    expected: int = 0
    lost: int = 0


class PathMeter:
    """One direction of one participant, fed with reception reports (RFC 3550 section 6.4.1)."""

    def __init__(self, now: float) -> None:
        self._sources: dict[int, _Source] = {}
        self._octets = 0
        self._since = now

    def count(self, octets: int) -> None:
        """Media passed."""
        self._octets += octets

    def take(self, block: ReportBlock, clock_rate: int) -> None:
        """A report on a source of this path; the caller knows that there are few of them."""
        jitter_ms = block.jitter / clock_rate * 1000
        source = self._sources.get(block.ssrc)
        if source is None:
            self._sources[block.ssrc] = _Source(
                block.highest_sequence, block.packets_lost, jitter_ms
            )
            return
        expected = (block.highest_sequence - source.highest_sequence) & 0xFFFFFFFF
        if expected < 1 << 31:  # else a late report: it was told already
            source.expected += expected
            source.lost += max(0, block.packets_lost - source.packets_lost)
            source.highest_sequence = block.highest_sequence
            source.packets_lost = block.packets_lost
            source.jitter_ms = jitter_ms

    def read(self, now: float) -> PathQuality | None:
        """The figures since they were last read; None when nothing was reported of any source.

        Whoever sends into a dead line loses nothing, as far as the last report knows.
        """
        active = [source for source in self._sources.values() if source.expected]
        expected = sum(source.expected for source in active)
        lost = min(expected, sum(source.lost for source in active))
        elapsed_s = max(now - self._since, 0.001)
        quality = PathQuality(
            bitrate_bps=round(self._octets * 8 / elapsed_s),
            loss_percent=round(100 * lost / expected, 1) if expected else 0.0,
            jitter_ms=round(max((source.jitter_ms for source in active), default=0.0), 1),
        )
        self._octets, self._since = 0, now
        for source in active:
            source.expected = source.lost = 0
        return quality if active else None

    def forget_source(self, ssrc: int) -> None:
        """This source is over; what it told since the figures were read is not told any more."""
        self._sources.pop(ssrc, None)

    def forget(self) -> None:
        """Another connection follows: its sources count anew."""
        self._sources.clear()


@dataclass
class RoundTrip:
    """Sender reports on their way and back inside the receiver's reports (section 6.4.1, LSR).

    The reports carry the publisher's clock, not ours; so it is remembered when each one left.
    """

    latest_ms: float | None = None
    _left_at: OrderedDict[int, float] = field(default_factory=OrderedDict)

    def sent(self, report: bytes, now: float) -> None:
        """A sender report left; `report` begins with its header."""
        self._left_at[int.from_bytes(report[10:14], "big")] = now
        if len(self._left_at) > MAX_REPORTS_KEPT:
            self._left_at.popitem(last=False)

    def returned(self, block: ReportBlock, now: float) -> float | None:
        """A receiver names the last sender report that it had, and for how long. The round trip in
        seconds; None when the report is not one of those that are remembered.
        """
        left_at = self._left_at.get(block.last_report)
        if left_at is None or block.last_report == 0:
            return None
        round_trip_s = max(0.0, now - left_at - block.delay_since_last_report / 65_536)
        if round_trip_s > MAX_ROUND_TRIP_S:
            return None
        self.latest_ms = round(round_trip_s * 1000, 1)
        return round_trip_s
