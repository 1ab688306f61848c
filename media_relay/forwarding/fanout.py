"""One stream to many viewers: the headers of all of them are written column by column.

Put whoever watches a stream into a `FanOut` and give it each new packet once. A viewer whose
packets differ from the stored ones by constants alone has a `Column`; those are served together at
the end of the turn: one numpy call writes a payload to all of them, one adds their offsets to the
sequence numbers, one `map` seals, one `sendmmsg` sends. A viewer without a column (a recorder, a
connection over TCP), and every viewer where there are few, gets `forward(packet, now)`.

The bytes are those that the viewer's `forward` would have sent, so that a repair from the ring
repeats them: AES-GCM must never see one number with two contents. Whoever changes a viewer's
offsets takes it out of the fan-out first and puts it back afterwards; `settle` tells a viewer at
any time what was sent in its name.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from pylibsrtp._binding import lib

from media_relay.forwarding.ring import StoredPacket
from media_relay.stats import Stats
from media_relay.transport.outbox import MAX_PLAIN_BYTES, SLOTS, OutBatch, Outlet

MIN_COLUMNS = 4  # below that a plain loop costs less
MAX_PACKETS = 32  # collected at most before they are sent
HEADER_BYTES = 12


class Column(NamedTuple):
    """What makes the stored packets of a stream those of one viewer (see Offsets)."""

    outlet: Outlet
    ssrc: int
    payload_type: int
    first: int  # the source's number from which on the offsets hold
    sequence: int
    timestamp: int
    picture_id: int
    tl0: int


class Sent(NamedTuple):
    """What a fan-out sent in a viewer's name since it was last told."""

    packets: int
    octets: int  # of payload
    newest: StoredPacket
    at: float


class Viewer(Protocol):
    """Who gets packets."""

    def forward(self, packet: StoredPacket, now: float) -> None:
        """One packet of the present source."""


V = TypeVar("V", bound=Viewer)


class ColumnViewer(ABC):
    """A viewer that a fan-out may send for."""

    fan: "FanOut[Any] | None" = None

    @abstractmethod
    def forward(self, packet: StoredPacket, now: float) -> None:
        """One packet of the present source."""

    @abstractmethod
    def column(self) -> Column | None:
        """The viewer's constants; None while it wants each packet itself."""

    @abstractmethod
    def account(self, sent: Sent) -> None:
        """Take over what was sent in the viewer's name."""

    def catch_up(self) -> None:
        """Know what was sent until now."""
        if self.fan is not None:
            self.fan.settle(self)


class FanOut(Generic[V]):
    """The viewers of one stream, in the order they came."""

    def __init__(self) -> None:
        self._viewers: dict[V, None] = {}
        self._is_stale = False
        self._groups: list[_Group] = []
        self._singles: list[V] = []
        self._floor = 0  # packets with smaller numbers are older than some viewer's offsets
        self._pending: list[StoredPacket] = []
        self._now = 0.0
        # What was sent to every column, and how much of that each of them was told.
        self._packets = 0
        self._octets = 0
        self._newest: tuple[StoredPacket, float] | None = None
        self._told: dict[ColumnViewer, tuple[int, int]] = {}

    def __iter__(self) -> Iterator[V]:
        return iter(self._viewers)

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, viewer: V) -> None:
        """Serve this viewer from the next packet on; twice is harmless."""
        self._dissolve()
        self._viewers[viewer] = None

    def discard(self, viewer: V) -> None:
        """Stop serving this viewer; twice is harmless."""
        if viewer in self._viewers:
            self._dissolve()
            del self._viewers[viewer]

    def forward(self, packet: StoredPacket, now: float) -> None:
        """One new packet of the stream, to everybody."""
        if self._is_stale or self._is_outdated():
            self._build()
        if packet.sequence < self._floor:
            self._dissolve()
            self._build_singles()
        for viewer in self._singles:
            viewer.forward(packet, now)
        if not self._groups:
            return
        self._pending.append(packet)
        self._now = now
        if len(self._pending) >= MAX_PACKETS:
            self.flush()
        elif len(self._pending) == 1:
            self._groups[0].batch.turn.at_end(self.flush)

    def flush(self) -> None:
        """Send what was collected."""
        packets, self._pending = self._pending, []
        if not packets:
            return
        for group in self._groups:
            group.send(packets)
        self._packets += len(packets)
        self._octets += sum(len(packet.data) - packet.payload_start for packet in packets)
        newest = max(packets, key=lambda packet: packet.sequence)
        if self._newest is None or newest.sequence > self._newest[0].sequence:
            self._newest = newest, self._now

    def settle(self, viewer: ColumnViewer) -> None:
        """Tell one viewer what was sent in its name."""
        self.flush()
        told = self._told.get(viewer)
        if told is None or self._newest is None or told[0] == self._packets:
            return
        self._told[viewer] = self._packets, self._octets
        viewer.account(Sent(self._packets - told[0], self._octets - told[1], *self._newest))

    # --- columns ---

    def _is_outdated(self) -> bool:
        return any(group.generation != group.batch.generation for group in self._groups)

    def _dissolve(self) -> None:
        """Back to viewers that know all about themselves."""
        for viewer in list(self._told):
            self.settle(viewer)
            viewer.fan = None
        self._told.clear()
        self._groups = []
        self._newest = None
        self._floor = 0
        self._is_stale = True

    def _build(self) -> None:
        self._dissolve()
        self._is_stale = False
        columns: dict[OutBatch, dict[ColumnViewer, Column]] = {}
        for viewer in self._viewers:
            column = viewer.column() if isinstance(viewer, ColumnViewer) else None
            if column is not None and isinstance(viewer, ColumnViewer):
                columns.setdefault(column.outlet.batch, {})[viewer] = column
        for batch, found in columns.items():
            if len(found) >= MIN_COLUMNS:
                self._groups.append(_Group(batch, list(found.values())))
                self._floor = max(self._floor, *(column.first for column in found.values()))
                for served in found:
                    self._told[served] = self._packets, self._octets
                    served.fan = self
        self._build_singles()

    def _build_singles(self) -> None:
        self._singles = [viewer for viewer in self._viewers if viewer not in self._told]


class _Group:
    """The columns of viewers that are reached through one socket."""

    def __init__(self, batch: OutBatch, columns: Sequence[Column]) -> None:
        self.batch = batch
        self.generation = batch.generation
        self._stats: Stats = batch.stats
        self._count = len(columns)
        self._columns = columns  # with the outlets, whose memory the kernel and libsrtp read
        self._names = _column([column.outlet.name.pointer for column in columns], np.uint64)
        self._ssrcs = _column([column.ssrc for column in columns], np.uint32)
        self._payload_types = _column([column.payload_type for column in columns], np.uint16)
        self._sequences = _column([column.sequence & 0xFFFF for column in columns], np.uint16)
        self._timestamps = _column([column.timestamp & 0xFFFFFFFF for column in columns], np.uint32)
        self._picture_ids = _column([column.picture_id for column in columns], np.uint16)
        self._tl0s = _column([column.tl0 & 0xFF for column in columns], np.uint8)
        self._has_picture_ids = bool(self._picture_ids.any())
        self._has_tl0s = bool(self._tl0s.any())
        self._contexts: dict[int, list[Any]] = {}  # by packets for each viewer

    def send(self, packets: list[StoredPacket]) -> None:
        """These packets to every viewer of the group, at most MAX_PACKETS of them."""
        packets = [packet for packet in packets if _size(packet) <= MAX_PLAIN_BYTES]
        if not packets:
            return
        viewers = SLOTS // len(packets)
        for first in range(0, self._count, viewers):
            self._send_to(slice(first, min(first + viewers, self._count)), packets)
        self._stats.packets_out += len(packets) * self._count
        self._stats.bytes_out += sum(map(_size, packets)) * self._count

    def _send_to(self, viewers: slice, packets: list[StoredPacket]) -> None:
        count = (viewers.stop - viewers.start) * len(packets)
        start = self.batch.reserve(count)
        slots = slice(start, start + count)
        self._write_heads(slots, viewers, packets)
        self._write_data(slots, viewers, packets)
        self._seal(slots, viewers, len(packets))
        self.batch.commit(count)

    def _write_heads(self, slots: slice, viewers: slice, packets: list[StoredPacket]) -> None:
        """RFC 3550 section 5.1, viewer by viewer, and packet by packet in each of them."""
        batch, shape = self.batch, (viewers.stop - viewers.start, len(packets))
        flags = np.array([_flags(packet) for packet in packets], np.uint16)
        sequences = np.array([packet.sequence & 0xFFFF for packet in packets], np.uint16)
        timestamps = np.array([packet.timestamp for packet in packets], np.uint32)
        batch.flags[slots].reshape(shape)[...] = self._payload_types[viewers] | flags
        batch.sequences[slots].reshape(shape)[...] = self._sequences[viewers] + sequences
        batch.timestamps[slots].reshape(shape)[...] = self._timestamps[viewers] + timestamps
        batch.ssrcs[slots].reshape(shape)[...] = self._ssrcs[viewers]
        batch.names[slots].reshape(shape)[...] = self._names[viewers]
        batch.lengths[slots].reshape(shape)[...] = np.array([*map(_size, packets)], np.int32)

    def _write_data(self, slots: slice, viewers: slice, packets: list[StoredPacket]) -> None:
        rows = self.batch.octets[slots].reshape(viewers.stop - viewers.start, len(packets), -1)
        for index, packet in enumerate(packets):
            data = rows[:, index, HEADER_BYTES : _size(packet)]
            data[...] = np.frombuffer(packet.data, np.uint8)
            if self._has_picture_ids and packet.picture_at:
                ids = (self._picture_ids[viewers, 0] + packet.picture_id) & packet.picture_mask
                if packet.picture_mask > 0x7F:
                    data[:, packet.picture_at] = 0x80 | ids >> 8
                    data[:, packet.picture_at + 1] = ids & 0xFF
                else:
                    data[:, packet.picture_at] = ids
            if self._has_tl0s and packet.tl0_at:
                data[:, packet.tl0_at] = self._tl0s[viewers, 0] + np.uint8(packet.tl0)

    def _seal(self, slots: slice, viewers: slice, packets: int) -> None:
        batch, contexts = self.batch, self._contexts.get(packets)
        if contexts is None:
            contexts = [column.outlet.context for column in self._columns for _ in range(packets)]
            self._contexts[packets] = contexts
        if viewers.stop - viewers.start < self._count:
            contexts = contexts[viewers.start * packets : viewers.stop * packets]
        statuses = list(
            map(lib.srtp_protect, contexts, batch.pointers[slots], batch.length_pointers[slots])
        )
        if any(statuses):
            for index, status in enumerate(statuses):
                if status:
                    self._stats.drops["seal_failed"] += 1
                    batch.leave_out(slots.start + index)


def _column(values: list[int], kind: Any) -> Any:
    return np.array(values, kind).reshape(-1, 1)


def _size(packet: StoredPacket) -> int:
    return HEADER_BYTES + len(packet.data)


def _flags(packet: StoredPacket) -> int:
    """Version 2, the extension bit and the marker; the payload type is the viewer's."""
    return 0x8000 | (0x1000 if packet.payload_start else 0) | (0x80 if packet.is_marked else 0)
