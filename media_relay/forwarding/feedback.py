"""Transport-wide feedback to publishers: when each of their packets arrived.

Format: draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. The browser estimates its
bandwidth from it; without it a camera starts at 300 kbps and takes half a minute to rise.
"""

from collections.abc import Iterator, Sequence
from struct import pack

from media_relay.forwarding.rtcp import TRANSPORT_CC, TRANSPORT_FEEDBACK, write_packet
from media_relay.forwarding.sequence import SequenceUnwrapper

REFERENCE_S = 0.064
TICK_S = 0.000_25
TICKS_PER_REFERENCE = 256
MAX_STATUSES = 512  # in one packet; a larger gap starts a new one
MAX_WAITING = 2048  # arrivals kept between two feedbacks; the newest beyond are not reported
RUN_LENGTH_MAX = 8191

_MISSING, _SMALL, _LARGE = 0, 1, 2


class TransportFeedback:
    """Collects arrivals of one connection and writes them down every 50 to 100 ms."""

    def __init__(self) -> None:
        self._unwrapper = SequenceUnwrapper()
        self._arrivals: dict[int, float] = {}
        self._next: int | None = None  # the number after the last one reported
        self._count = 0

    def arrived(self, sequence: int, now: float) -> None:
        """A packet with this transport-wide number (16 bits) arrived."""
        if len(self._arrivals) < MAX_WAITING:
            self._arrivals.setdefault(self._unwrapper.unwrap(sequence), now)

    def write(self, *, sender_ssrc: int, media_ssrc: int) -> list[bytes]:
        """Feedback packets on everything that arrived since the last call."""
        packets: list[bytes] = []
        while self._arrivals:
            packets.append(self._write_one(sender_ssrc, media_ssrc))
        return packets

    def _write_one(self, sender_ssrc: int, media_ssrc: int) -> bytes:
        base = min(self._arrivals)
        # A gap since the last report is reported as lost, unless it is too large to be one.
        if self._next is not None and base - MAX_STATUSES // 2 < self._next < base:
            base = self._next
        reference = int(self._arrivals[min(self._arrivals)] / REFERENCE_S)
        statuses, deltas, following = self._take(base, reference * TICKS_PER_REFERENCE)
        self._next = max(following, self._next or 0)
        body = pack("!IIHH", sender_ssrc, media_ssrc, base & 0xFFFF, len(statuses))
        body += (reference & 0xFFFFFF).to_bytes(3, "big") + bytes((self._count & 0xFF,))
        body += b"".join(pack("!H", chunk) for chunk in _chunks(statuses)) + deltas
        self._count += 1
        return write_packet(TRANSPORT_FEEDBACK, TRANSPORT_CC, body + bytes(-len(body) % 4))

    def _take(self, base: int, ticks: int) -> tuple[list[int], bytes, int]:
        """Statuses and deltas from `base` on, as many as one packet may carry."""
        statuses: list[int] = []
        deltas = bytearray()
        number = base
        for sequence in sorted(self._arrivals):
            arrival = round(self._arrivals[sequence] / TICK_S)
            delta = arrival - ticks
            if sequence - base >= MAX_STATUSES or not -32768 <= delta <= 32767:
                break
            statuses += [_MISSING] * (sequence - number)
            is_small = 0 <= delta <= 255
            statuses.append(_SMALL if is_small else _LARGE)
            deltas += bytes((delta,)) if is_small else pack("!h", delta)
            ticks, number = arrival, sequence + 1
            del self._arrivals[sequence]
        return statuses, bytes(deltas), number


def _chunks(statuses: Sequence[int]) -> Iterator[int]:
    """Run lengths for uniform stretches, vectors of seven two-bit symbols for the rest."""
    position = 0
    while position < len(statuses):
        run = _run_length(statuses, position)
        if run >= 7 or position + run == len(statuses):
            yield statuses[position] << 13 | run
            position += run
        else:
            symbols = list(statuses[position : position + 7])
            symbols += [_MISSING] * (7 - len(symbols))
            yield 0xC000 | sum(symbol << (12 - 2 * at) for at, symbol in enumerate(symbols))
            position += 7


def _run_length(statuses: Sequence[int], position: int) -> int:
    run = 1
    while (
        position + run < len(statuses)
        and run < RUN_LENGTH_MAX
        and statuses[position + run] == statuses[position]
    ):
        run += 1
    return run
