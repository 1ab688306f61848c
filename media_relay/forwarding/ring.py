"""The last packets of one source: they answer NACKs, serve joiners and unmask duplicates."""

from collections.abc import Iterator
from typing import NamedTuple


class StoredPacket(NamedTuple):
    """A packet as viewers get it, but for the first twelve bytes that each of them has own."""

    sequence: int  # extended
    timestamp: int
    is_marked: bool
    is_key_frame_start: bool
    payload_start: int
    data: bytes


class PacketRing:
    """A fixed number of slots; a packet replaces the one `size` numbers before it."""

    def __init__(self, size: int) -> None:
        self._slots: list[StoredPacket | None] = [None] * size
        self._size = size
        self._highest = -1
        self._key_frame: int | None = None

    def add(self, packet: StoredPacket) -> bool:
        """Keep a packet; false for a duplicate or one older than the ring reaches."""
        if packet.sequence <= self._highest - self._size or self.get(packet.sequence) is not None:
            return False
        self._slots[packet.sequence % self._size] = packet
        self._highest = max(self._highest, packet.sequence)
        if packet.is_key_frame_start:
            self._key_frame = max(packet.sequence, self._key_frame or 0)
        return True

    def get(self, sequence: int) -> StoredPacket | None:
        """The packet of this number while it is kept."""
        packet = self._slots[sequence % self._size]
        return packet if packet is not None and packet.sequence == sequence else None

    def since_key_frame(self, at_most: int) -> list[StoredPacket] | None:
        """All packets from the newest key frame on, or None if some are missing or too many."""
        first = self._key_frame
        if first is None or self._highest - first >= min(at_most, self._size):
            return None
        packets = list(self._between(first, self._highest))
        return packets if len(packets) == self._highest - first + 1 else None

    def _between(self, first: int, last: int) -> Iterator[StoredPacket]:
        for sequence in range(first, last + 1):
            packet = self.get(sequence)
            if packet is not None:
                yield packet
