"""The packets of one stream, written for all viewers behind one socket and sealed in place.

Where a batch is large the headers are written column by column: one numpy call adds the offsets of
all viewers to the sequence numbers, one writes a payload to all of them. Such a call costs the same
for two packets as for two hundred; a small batch is written packet by packet.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
from pylibsrtp._binding import lib

from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.rtp import HEADER_BYTES
from media_relay.stats import Stats
from media_relay.transport.outbox import MAX_PLAIN_BYTES, SLOTS, STRIDE, OutBatch, Outlet

MIN_SLOTS = 96  # below that, packet by packet costs less (measured; see docs/benchmarks.md)
_HEAD = Struct("!HHII")


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


class Group:
    """The viewers of one stream that are reached through one socket."""

    def __init__(self, batch: OutBatch, columns: Sequence[Column]) -> None:
        self.batch = batch
        self.generation = batch.generation
        self._stats: Stats = batch.stats
        self._count = len(columns)
        self._columns = columns  # with the outlets, whose memory the kernel and libsrtp read
        self._rows = [
            (
                column.outlet.context,
                column.outlet.name.pointer,
                column.ssrc,
                column.payload_type,
                column.sequence,
                column.timestamp,
                column.picture_id,
                column.tl0,
            )
            for column in columns
        ]
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
        if self._count * len(packets) < MIN_SLOTS:
            self._send_rows(packets)
        else:
            viewers = SLOTS // len(packets)
            for first in range(0, self._count, viewers):
                self._send_columns(slice(first, min(first + viewers, self._count)), packets)
        self._stats.packets_out += len(packets) * self._count
        self._stats.bytes_out += sum(map(_size, packets)) * self._count

    # --- packet by packet ---

    def _send_rows(self, packets: list[StoredPacket]) -> None:
        batch, protect = self.batch, lib.srtp_protect
        view, lengths, names = batch.view, batch.length_view, batch.name_view
        pointers, length_pointers, pack = batch.pointers, batch.length_pointers, _HEAD.pack_into
        count = self._count * len(packets)
        slot = batch.reserve(count)
        stored = [_row(packet) for packet in packets]
        for context, name, ssrc, payload_type, sequence, timestamp, picture_id, tl0 in self._rows:
            for packet, flags, packet_sequence, packet_timestamp, data, size in stored:
                at = slot * STRIDE
                end = at + size
                pack(
                    view,
                    at,
                    flags | payload_type,
                    packet_sequence + sequence & 0xFFFF,
                    packet_timestamp + timestamp & 0xFFFFFFFF,
                    ssrc,
                )
                at += HEADER_BYTES
                view[at:end] = data
                if picture_id and packet.picture_at:
                    number = packet.picture_id + picture_id & packet.picture_mask
                    if packet.picture_mask > 0x7F:
                        view[at + packet.picture_at] = 0x80 | number >> 8
                        view[at + packet.picture_at + 1] = number & 0xFF
                    else:
                        view[at + packet.picture_at] = number
                if tl0 and packet.tl0_at:
                    view[at + packet.tl0_at] = packet.tl0 + tl0 & 0xFF
                lengths[slot] = size
                names[slot] = name
                if protect(context, pointers[slot], length_pointers[slot]):
                    self._leave_out(slot)
                slot += 1
        batch.commit(count, len(packets))

    # --- column by column ---

    def _send_columns(self, viewers: slice, packets: list[StoredPacket]) -> None:
        count = (viewers.stop - viewers.start) * len(packets)
        start = self.batch.reserve(count)
        slots = slice(start, start + count)
        self._write_heads(slots, viewers, packets)
        self._write_data(slots, viewers, packets)
        self._seal(slots, viewers, len(packets))
        self.batch.commit(count, len(packets))

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
                    self._leave_out(slots.start + index)

    def _leave_out(self, slot: int) -> None:
        self._stats.drops["seal_failed"] += 1
        self.batch.leave_out(slot)


def _column(values: list[int], kind: Any) -> Any:
    return np.array(values, kind).reshape(-1, 1)


def _size(packet: StoredPacket) -> int:
    return HEADER_BYTES + len(packet.data)


def _row(packet: StoredPacket) -> tuple[StoredPacket, int, int, int, bytes, int]:
    """The packet, and what is read of it for every viewer."""
    return (
        packet,
        _flags(packet),
        packet.sequence,
        packet.timestamp,
        packet.data,
        _size(packet),
    )


def _flags(packet: StoredPacket) -> int:
    """Version 2, the extension bit and the marker; the payload type is the viewer's."""
    return 0x8000 | (0x1000 if packet.payload_start else 0) | (0x80 if packet.is_marked else 0)
