"""The last packets of one source: they answer NACKs, serve joiners and unmask duplicates."""

from collections.abc import Iterator
from typing import NamedTuple


class StoredPacket(NamedTuple):
    """A packet as viewers get it, but for the twelve first bytes and the numbers of pictures.

    `data` is the extension block and the payload. What differs from viewer to viewer lies in the
    header, at `picture_at` and at `tl0_at`, all of it before `rewritten_end`.
    """

    sequence: int  # extended, and without the padding (see numbering.py)
    timestamp: int
    is_marked: bool
    is_key_frame_start: bool
    payload_start: int
    data: bytes
    picture_id: int = 0
    picture_mask: int = 0  # 0: no picture id, 0x7F or 0x7FFF: as many bits
    picture_at: int = 0
    tl0: int = 0
    tl0_at: int = 0  # 0: no TL0PICIDX

    @property
    def rewritten_end(self) -> int:
        """Where the bytes begin that are the same for every viewer."""
        if self.tl0_at:
            return self.tl0_at + 1
        if self.picture_at:
            return self.picture_at + (1 if self.picture_mask < 0x80 else 2)
        return 0


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

    def since(self, first: int) -> Iterator[StoredPacket]:
        """Every packet that is kept, from this number on."""
        for sequence in range(max(first, self._highest - self._size + 1), self._highest + 1):
            packet = self.get(sequence)
            if packet is not None:
                yield packet

    def since_key_frame(self, at_most: int) -> list[StoredPacket] | None:
        """All packets from the newest key frame on, or None if some are missing or too many."""
        first = self._key_frame
        if first is None or self._highest - first >= min(at_most, self._size):
            return None
        packets = list(self.since(first))
        return packets if len(packets) == self._highest - first + 1 else None
