"""Transport-wide feedback to publishers: when each of their packets arrived.

Format: draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. The browser estimates its
bandwidth from it; without it a camera starts at 300 kbps and takes half a minute to rise.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from struct import pack
from typing import NamedTuple

from media_relay.forwarding.rtcp import TRANSPORT_CC, TRANSPORT_FEEDBACK, write_packet
from media_relay.forwarding.sequence import SequenceUnwrapper

REFERENCE_S = 0.064
TICK_S = 0.000_25
TICKS_PER_REFERENCE = 256
MAX_STATUSES = 512  # in one packet; a larger gap starts a new one
MAX_PACKETS = 8  # in one go; browsers need one
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
        """Feedback packets on what arrived since the last call, MAX_PACKETS at most.

        What does not fit is not reported: numbers with gaps so large come from no browser.
        """
        arrivals, self._arrivals = sorted(self._arrivals.items()), {}
        packets: list[bytes] = []
        position = 0
        while position < len(arrivals) and len(packets) < MAX_PACKETS:
            statuses = self._take(arrivals, position)
            position += statuses.arrivals
            packets.append(self._write_one(statuses, sender_ssrc, media_ssrc))
        return packets

    def _write_one(self, statuses: "_Statuses", sender_ssrc: int, media_ssrc: int) -> bytes:
        count = len(statuses.symbols)
        body = pack("!IIHH", sender_ssrc, media_ssrc, statuses.base & 0xFFFF, count)
        body += (statuses.reference & 0xFFFFFF).to_bytes(3, "big") + bytes((self._count & 0xFF,))
        body += b"".join(pack("!H", chunk) for chunk in _chunks(statuses.symbols))
        body += statuses.deltas
        self._count += 1
        return write_packet(TRANSPORT_FEEDBACK, TRANSPORT_CC, body + bytes(-len(body) % 4))

    def _take(self, arrivals: Sequence[tuple[int, float]], position: int) -> "_Statuses":
        """As much from `position` on as one packet may carry: the first of them always."""
        base, first_at = arrivals[position]
        # A gap since the last report is reported as lost, unless it is too large to be one.
        if self._next is not None and base - MAX_STATUSES // 2 < self._next < base:
            base = self._next
        reference = int(first_at / REFERENCE_S)
        symbols: list[int] = []
        deltas = bytearray()
        number, ticks, taken = base, reference * TICKS_PER_REFERENCE, 0
        for sequence, arrived_at in islice(arrivals, position, None):
            arrival = round(arrived_at / TICK_S)
            delta = arrival - ticks
            if sequence - base >= MAX_STATUSES or not -32768 <= delta <= 32767:
                break
            symbols += [_MISSING] * (sequence - number)
            is_small = 0 <= delta <= 255
            symbols.append(_SMALL if is_small else _LARGE)
            deltas += bytes((delta,)) if is_small else pack("!h", delta)
            ticks, number, taken = arrival, sequence + 1, taken + 1
        self._next = max(number, self._next or 0)
        return _Statuses(base, reference, symbols, bytes(deltas), taken)


class _Statuses(NamedTuple):
    """What one packet says."""

    base: int  # the first number
    reference: int  # multiples of REFERENCE_S
    symbols: list[int]  # one for each number from `base` on
    deltas: bytes
    arrivals: int  # how many of the symbols stand for packets that came


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
