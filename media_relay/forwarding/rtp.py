"""RTP headers read where they lie (RFC 3550 section 5.1, RFC 8285): offsets, no packet objects."""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import NamedTuple

_FIXED = Struct("!BBHII")
_PROFILE = Struct("!HH")
_ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000
HEADER_BYTES = 12


class RtpHeader(NamedTuple):
    """Where the parts of one packet are; the payload excludes the padding."""

    is_marked: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    extension_profile: int  # 0: none
    extension_start: int
    payload_start: int
    payload_end: int


class Extension(NamedTuple):
    """One header extension element: its id and where its value lies."""

    identifier: int
    start: int
    end: int


def read_header(packet: bytes) -> RtpHeader | None:
    """The header of `packet`, or None when any length in it is wrong."""
    if len(packet) < HEADER_BYTES:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(packet)
    if first >> 6 != 2:
        return None
    position = HEADER_BYTES + 4 * (first & 0x0F)
    profile, extension_start = 0, position
    if first & 0x10:
        if position + 4 > len(packet):
            return None
        profile, words = _PROFILE.unpack_from(packet, position)
        extension_start = position + 4
        position = extension_start + 4 * words
    end = len(packet)
    if position > end:
        return None
    if first & 0x20:
        padding = packet[-1]
        if padding == 0 or padding > end - position:
            return None
        end -= padding
    return RtpHeader(
        second >= 0x80,
        second & 0x7F,
        sequence,
        timestamp,
        ssrc,
        profile,
        extension_start,
        position,
        end,
    )


def iter_extensions(packet: bytes, header: RtpHeader) -> Iterator[Extension]:
    """The elements of one-byte and two-byte form; stops silently where a length is wrong."""
    if header.extension_profile == _ONE_BYTE_PROFILE:
        return _iter_one_byte(packet, header.extension_start, header.payload_start)
    if header.extension_profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        return _iter_two_byte(packet, header.extension_start, header.payload_start)
    return iter(())


def _iter_one_byte(packet: bytes, position: int, end: int) -> Iterator[Extension]:
    """RFC 8285 section 4.2."""
    while position < end:
        byte = packet[position]
        position += 1
        if byte == 0:
            continue  # padding between elements
        identifier, length = byte >> 4, (byte & 0x0F) + 1
        if identifier == 15 or position + length > end:
            return
        yield Extension(identifier, position, position + length)
        position += length


def _iter_two_byte(packet: bytes, position: int, end: int) -> Iterator[Extension]:
    """RFC 8285 section 4.3."""
    while position < end:
        identifier = packet[position]
        position += 1
        if identifier == 0:
            continue
        if position >= end or position + 1 + packet[position] > end:
            return
        length = packet[position]
        yield Extension(identifier, position + 1, position + 1 + length)
        position += 1 + length


def pack_header(
    *,
    is_marked: bool,
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    has_extension: bool,
) -> bytes:
    """The twelve fixed bytes, without CSRC and padding."""
    return _FIXED.pack(
        0x90 if has_extension else 0x80,
        payload_type | (0x80 if is_marked else 0),
        sequence & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc,
    )


def pack_send_time(identifier: int, now: float) -> bytes:
    """The abs-send-time element: seconds modulo 64, 6.18 bits (webrtc.org, abs-send-time)."""
    return bytes((identifier << 4 | 2,)) + (int(now * 2**18) & 0xFFFFFF).to_bytes(3, "big")


def pack_extensions(
    packet: bytes, header: RtpHeader, new_ids: Mapping[int, int], own: bytes = b""
) -> bytes:
    """The extension block with only the elements of `new_ids`, under their new ids.

    `own` are elements of the relay that stand before them. Empty when nothing is left: what a
    publisher tells the relay (mid, send time, transport-wide sequence) is not for viewers, and ids
    differ from one browser to the next.
    """
    elements = own + b"".join(
        bytes((new_ids[identifier] << 4 | (end - start - 1),)) + packet[start:end]
        for identifier, start, end in iter_extensions(packet, header)
        if identifier in new_ids and 1 <= end - start <= 16
    )
    if not elements:
        return b""
    padded = elements + bytes(-len(elements) % 4)
    return _PROFILE.pack(_ONE_BYTE_PROFILE, len(padded) // 4) + padded
