"""Packets in the order of their numbers, within a bounded window for repairs."""

from collections.abc import Iterator
from typing import NamedTuple

from media_relay.forwarding.ring import StoredPacket

WINDOW_S = 0.4  # four requests 40 ms apart, and a long way there and back
MAX_WAITING = 1024  # packets; then the missing one is given up early


class _Waiting(NamedTuple):
    packet: StoredPacket
    arrived_at: float


class Ordered(NamedTuple):
    """A packet in its turn, when it arrived, and whether packets before it are lost for good."""

    packet: StoredPacket
    arrived_at: float
    is_after_loss: bool


class ReorderBuffer:
    """Holds what came too early until what is missing arrives or is given up."""

    def __init__(self, *, starts_at_key_frame: bool) -> None:
        self._starts_at_key_frame = starts_at_key_frame
        self._next: int | None = None
        self._waiting: dict[int, _Waiting] = {}

    @property
    def has_started(self) -> bool:
        return self._next is not None

    def start_over(self) -> None:
        """Another stream follows: its numbers have nothing to do with the old ones."""
        self._next = None
        self._waiting.clear()

    def push(self, packet: StoredPacket, now: float) -> Iterator[Ordered]:
        """What is due once this packet is here."""
        if self._next is None:
            self._start(packet)
        if self._next is None or packet.sequence >= self._next:
            self._waiting[packet.sequence] = _Waiting(packet, now)
        return self.due(now)

    def due(self, now: float) -> Iterator[Ordered]:
        """What can be had now; call it from a clock as well, for the last packets of a burst."""
        is_after_loss = False
        while self._next is not None and self._waiting:
            found = self._waiting.pop(self._next, None)
            if found is not None:
                self._next += 1
                yield Ordered(found.packet, found.arrived_at, is_after_loss)
                is_after_loss = False
            elif self._must_give_up(now):
                self._next = min(self._waiting)
                is_after_loss = True
            else:
                return

    def flush(self) -> Iterator[Ordered]:
        """Everything that is left, whatever is missing."""
        return self.due(float("inf"))

    def _start(self, packet: StoredPacket) -> None:
        """From a key frame on; the packets after its first one may have overtaken it."""
        if packet.is_key_frame_start or not self._starts_at_key_frame:
            self._next = packet.sequence
            for sequence in [number for number in self._waiting if number < packet.sequence]:
                del self._waiting[sequence]
        elif len(self._waiting) >= MAX_WAITING:
            self._waiting.clear()

    def _must_give_up(self, now: float) -> bool:
        if len(self._waiting) > MAX_WAITING:
            return True
        first = self._waiting[min(self._waiting)]
        return now - first.arrived_at >= WINDOW_S
