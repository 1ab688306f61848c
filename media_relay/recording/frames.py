"""Packets back into frames: the payload formats of each codec, packets in order."""

from collections.abc import Callable, Iterator
from itertools import islice
from struct import pack
from typing import NamedTuple, Protocol

from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.vp9 import read_vp9
from media_relay.recording import av1
from media_relay.recording.h264 import avc_configuration, picture_size
from media_relay.recording.limits import (
    MAX_PACKETS_IN_PICTURE,
    MAX_UNITS_IN_PACKET,
    MAX_UNITS_IN_PICTURE,
)
from media_relay.recording.matroska import TrackHeader, opus_header
from media_relay.recording.vp9 import key_frame_size

MAX_FRAME_BYTES = 4 * 1024 * 1024  # a larger one is not a picture but an attack
_STAP_A, _FU_A, _SPS, _PPS, _IDR = 24, 28, 7, 8, 5


class Frame(NamedTuple):
    """One frame as a file stores it; `header` comes with key frames of a picture."""

    timestamp: int
    is_key: bool
    data: bytes
    header: TrackHeader | None


class Assembler(Protocol):
    """Turns the packets of one stream into frames."""

    @property
    def needs_key_frame(self) -> bool:
        """Nothing comes out before the next key frame."""

    def take(self, packet: StoredPacket) -> Frame | None:
        """The frame that this packet completes."""

    def lose(self) -> None:
        """A packet is missing for good, or another stream follows."""


class SoundAssembler:
    """Opus: each packet is a frame (RFC 7587 section 4.2)."""

    needs_key_frame = False

    def __init__(self) -> None:
        self._header = opus_header(channels=2)

    def take(self, packet: StoredPacket) -> Frame | None:
        payload = packet.data[packet.payload_start :]
        return Frame(packet.timestamp, True, payload, self._header) if payload else None

    def lose(self) -> None:
        """Sound goes on with the next packet."""


class PictureAssembler:
    """Collects the packets of one timestamp up to the marker.

    After a loss nothing is taken before the next key frame: what refers to a picture that is not
    in the file would be shown as rubbish.
    """

    def __init__(self, codec: str) -> None:
        self.needs_key_frame = True
        self._read = _READERS[codec]
        self._packets: list[StoredPacket] = []
        self._bytes = 0

    def take(self, packet: StoredPacket) -> Frame | None:
        if len(packet.data) == packet.payload_start:
            return None  # bandwidth probing
        if self._packets and self._packets[0].timestamp != packet.timestamp:
            self.lose()  # the last packet of a frame carries the marker: this one was cut off
        if self.needs_key_frame and not self._packets and not packet.is_key_frame_start:
            return None
        self._packets.append(packet)
        self._bytes += len(packet.data)
        if self._bytes > MAX_FRAME_BYTES or len(self._packets) > MAX_PACKETS_IN_PICTURE:
            self.lose()
        if not packet.is_marked or not self._packets:
            return None
        return self._complete()

    def lose(self) -> None:
        self._packets, self._bytes = [], 0
        self.needs_key_frame = True

    def _complete(self) -> Frame | None:
        packets, self._packets, self._bytes = self._packets, [], 0
        payloads = [packet.data[packet.payload_start :] for packet in packets]
        frame = self._read(packets[0].timestamp, payloads)
        if frame is None or (self.needs_key_frame and not frame.is_key):
            self.needs_key_frame = True
            return None
        self.needs_key_frame = False
        return frame


def make_assembler(codec: str) -> Assembler | None:
    """The assembler for a codec by its name in SDP, or None for one that is not recorded."""
    if codec == "OPUS":
        return SoundAssembler()
    return PictureAssembler(codec) if codec in _READERS else None


# --- VP8 ---------------------------------------------------------------------------------------


def _read_vp8(timestamp: int, payloads: list[bytes]) -> Frame | None:
    """RFC 7741 section 4.2: the descriptor goes, the partitions follow each other."""
    starts = [_vp8_descriptor_bytes(payload) for payload in payloads]
    if None in starts or payloads[0][0] & 0x17 != 0x10:
        return None
    data = b"".join(payload[start:] for payload, start in zip(payloads, starts, strict=True))
    if not data or data[0] & 0x01:
        return Frame(timestamp, False, data, None) if data else None
    if len(data) < 10 or data[3:6] != b"\x9d\x01\x2a":  # RFC 6386 section 9.1
        return None
    width = int.from_bytes(data[6:8], "little") & 0x3FFF
    height = int.from_bytes(data[8:10], "little") & 0x3FFF
    if not width or not height:
        return None
    return Frame(timestamp, True, data, TrackHeader("V_VP8", width=width, height=height))


def _vp8_descriptor_bytes(payload: bytes) -> int | None:
    length = 1
    if payload[0] & 0x80:
        if len(payload) < 3:
            return None
        flags = payload[1]
        length = 2
        if flags & 0x80:
            length += 2 if payload[2] & 0x80 else 1
        length += (1 if flags & 0x40 else 0) + (1 if flags & 0x30 else 0)
    return length if length <= len(payload) else None


# --- VP9 ---------------------------------------------------------------------------------------


def _read_vp9(timestamp: int, payloads: list[bytes]) -> Frame | None:
    """RFC 9628 section 4.2: the descriptor goes, what is left follows each other.

    Several spatial layers would have to be joined into a superframe: they are not recorded.
    """
    found = [read_vp9(payload, 0, len(payload)) for payload in payloads]
    if any(descriptor.size == 0 or descriptor.spatial_layer for descriptor in found):
        return None
    data = b"".join(
        payload[descriptor.size :] for payload, descriptor in zip(payloads, found, strict=True)
    )
    if not found[0].is_key_frame_start:
        return Frame(timestamp, False, data, None)
    size = key_frame_size(data)
    if size is None:
        return None
    return Frame(timestamp, True, data, TrackHeader("V_VP9", width=size[0], height=size[1]))


# --- AV1 ---------------------------------------------------------------------------------------


def _read_av1(timestamp: int, payloads: list[bytes]) -> Frame | None:
    units = av1.read_units(payloads)
    if not units:
        return None
    data = b"".join(unit.stored() for unit in units)
    header = next((unit for unit in units if unit.kind == av1.SEQUENCE_HEADER), None)
    if header is None:
        return Frame(timestamp, False, data, None)
    sequence = av1.read_sequence(header)
    if sequence is None:
        return None
    private = sequence.configuration + header.stored()
    track = TrackHeader("V_AV1", private, width=sequence.width, height=sequence.height)
    return Frame(timestamp, True, data, track)


# --- H.264 -------------------------------------------------------------------------------------


def _read_h264(timestamp: int, payloads: list[bytes]) -> Frame | None:
    """RFC 6184: units of all packets, each with four bytes of length before it."""
    units = list(islice(_iter_units(payloads), MAX_UNITS_IN_PICTURE + 1))
    if len(units) > MAX_UNITS_IN_PICTURE:
        return None
    kinds = {unit[0] & 0x1F for unit in units if unit}
    if not kinds:
        return None
    data = b"".join(pack("!I", len(unit)) + unit for unit in units if unit)
    if _IDR not in kinds:
        return Frame(timestamp, False, data, None)
    sequence = next((unit for unit in units if unit and unit[0] & 0x1F == _SPS), None)
    picture = next((unit for unit in units if unit and unit[0] & 0x1F == _PPS), None)
    size = None if sequence is None else picture_size(sequence)
    if sequence is None or picture is None or size is None:
        return None  # a key frame without its parameters cannot be decoded from here
    private = avc_configuration(sequence, picture)
    header = TrackHeader("V_MPEG4/ISO/AVC", private=private, width=size[0], height=size[1])
    return Frame(timestamp, True, data, header)


def _iter_units(payloads: list[bytes]) -> Iterator[bytes]:
    fragments: list[bytes] = []
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == _STAP_A:
            yield from _iter_aggregate(payload)
        elif kind == _FU_A and len(payload) > 2:
            if payload[1] & 0x80:
                fragments = [bytes((payload[0] & 0xE0 | payload[1] & 0x1F,))]
            fragments.append(payload[2:])
            if payload[1] & 0x40:
                yield b"".join(fragments)
                fragments = []
        elif 1 <= kind <= 23:
            yield payload


def _iter_aggregate(payload: bytes) -> Iterator[bytes]:
    position = 1
    for _ in range(MAX_UNITS_IN_PACKET):
        if position + 2 > len(payload):
            return
        end = position + 2 + int.from_bytes(payload[position : position + 2], "big")
        if end > len(payload):
            return
        yield payload[position + 2 : end]
        position = end


_READERS: dict[str, Callable[[int, list[bytes]], Frame | None]] = {
    "VP8": _read_vp8,
    "VP9": _read_vp9,
    "AV1": _read_av1,
    "H264": _read_h264,
}
