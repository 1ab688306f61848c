"""Pictures of real VP9, AV1 and H.265 encoders, cut into RTP payloads as browsers cut them."""

import itertools
import os
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from struct import pack

import av
from av.video.frame import PictureType

ENCODERS = {
    "VP9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "H265": (
        "libx265",
        {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x265-params": "repeat-headers=1:log-level=none",
        },
    ),
    "AV1": ("libsvtav1", {"preset": "12", "svtav1-params": "pred-struct=1:lookahead=0"}),
}
PAYLOAD_BYTES = 1_100


def encode(
    codec: str, frames: Iterable[av.VideoFrame], size: tuple[int, int], key_every: int
) -> Iterator[tuple[int, list[bytes]]]:
    """For each frame its timestamp and its payloads; every `key_every`th is a key frame."""
    name, options = ENCODERS[codec]
    context = av.CodecContext.create(name, "w")
    context.width, context.height = size
    context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 90_000)
    context.framerate, context.gop_size = Fraction(30), key_every
    context.options = options
    numbers = itertools.count(0x7FF0)
    for packet in itertools.chain.from_iterable(
        _encode(context, frame) for frame in itertools.chain(_forced(frames, key_every), [None])
    ):
        data, is_key = bytes(packet), packet.is_keyframe
        if codec == "VP9":
            payloads = vp9_payloads(data, next(numbers), size if is_key else None)
        elif codec == "AV1":
            payloads = av1_payloads(data, is_key=is_key)
        else:
            payloads = h265_payloads(data)
        yield int(packet.pts or 0), payloads


def _encode(context: av.VideoCodecContext, frame: av.VideoFrame | None) -> list[av.Packet]:
    """Under root SVT-AV1 makes its caller real-time, and so everything that tests start later."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    packets = context.encode(frame)
    os.sched_setscheduler(0, policy, parameters)
    return packets


def _forced(frames: Iterable[av.VideoFrame], key_every: int) -> Iterator[av.VideoFrame]:
    for number, frame in enumerate(frames):
        if number % key_every == 0:
            frame.pict_type = PictureType.I
        yield frame


# --- VP9 (RFC 9628 section 4.2) ----------------------------------------------------------------


def vp9_payloads(data: bytes, picture_id: int, key_size: tuple[int, int] | None) -> list[bytes]:
    """One spatial layer, in the way of Chromium: long picture id, layers and TL0PICIDX."""
    pieces = list(_split(data, PAYLOAD_BYTES))
    payloads = []
    for index, piece in enumerate(pieces):
        is_first, is_last = index == 0, index == len(pieces) - 1
        structure = b""
        if key_size is not None and is_first:
            structure = pack("!BHHBB", 0x18, *key_size, 1, 0x00)
        first = 0xA0 | (0x40 if key_size is None else 0) | (0x08 if is_first else 0)
        first |= (0x04 if is_last else 0) | (0x02 if structure else 0)
        head = pack("!BHBB", first, 0x8000 | picture_id & 0x7FFF, 0, picture_id & 0xFF)
        payloads.append(head + structure + piece)
    return payloads


# --- AV1 (RTP payload format for AV1, section 4) ------------------------------------------------


def av1_payloads(temporal_unit: bytes, *, is_key: bool) -> list[bytes]:
    """Units without delimiters and sizes, each with its length, cut where a packet is full."""
    units = [unit for unit in _units(temporal_unit) if unit[0] >> 3 & 0x0F != 2]
    stream = [(unit, start) for unit in units for start in range(0, len(unit), PAYLOAD_BYTES)]
    packets: list[list[tuple[bytes, int]]] = [[]]
    for unit, start in stream:
        piece = unit[start : start + PAYLOAD_BYTES]
        filled = sum(len(each) for each, _ in packets[-1])
        if packets[-1] and filled + len(piece) > PAYLOAD_BYTES:
            packets.append([])
        packets[-1].append((piece, start))
    payloads = []
    for index, elements in enumerate(packets):
        continues = elements[0][1] > 0
        goes_on = index + 1 < len(packets) and packets[index + 1][0][1] > 0
        first = (0x80 if continues else 0) | (0x40 if goes_on else 0)
        first |= 0x08 if is_key and index == 0 else 0
        if len(elements) <= 3:  # their count is given: the last one needs no length
            body = b"".join(_size(len(piece)) + piece for piece, _ in elements[:-1])
            body += elements[-1][0]
            first |= len(elements) << 4
        else:
            body = b"".join(_size(len(piece)) + piece for piece, _ in elements)
        payloads.append(bytes((first,)) + body)
    return payloads


def _units(data: bytes) -> Iterator[bytes]:
    """As RTP wants them: without the size that files have (AV1, section 5.3)."""
    position = 0
    while position < len(data):
        head = data[position : position + (2 if data[position] & 0x04 else 1)]
        position += len(head)
        length, shift = 0, 0
        while True:
            byte = data[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield bytes((head[0] & ~0x02,)) + head[1:] + data[position : position + length]
        position += length


def _size(value: int) -> bytes:
    return bytes((value & 0x7F | 0x80, value >> 7)) if value > 0x7F else bytes((value,))


def _split(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


# --- H.265 (RFC 7798 section 4.4) ---------------------------------------------------------------


def h265_payloads(data: bytes) -> list[bytes]:
    """Units alone where they are small, in fragments where they are not."""
    payloads = []
    for unit in re.split(rb"\x00\x00\x00?\x01", data)[1:]:
        if len(unit) <= PAYLOAD_BYTES:
            payloads.append(unit)
            continue
        head = bytes((unit[0] & 0x81 | 49 << 1, unit[1]))
        pieces = list(_split(unit[2:], PAYLOAD_BYTES))
        for index, piece in enumerate(pieces):
            ends = (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)
            payloads.append(head + bytes((ends | unit[0] >> 1 & 0x3F,)) + piece)
    return payloads
