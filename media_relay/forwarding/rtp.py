"""RTP headers read where they lie (RFC 3550 section 5.1, RFC 8285): offsets, no packet objects."""

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import NamedTuple

_FIXED = Struct("!BBHII")
_PROFILE = Struct("!HH")
_ELEMENT_OF_THREE = Struct("!I")
_ONE_BYTE_PROFILE = 0xBEDE
_TWO_BYTE_PROFILE = 0x1000
HEADER_BYTES = 12
# Elements and bytes of padding between them. Browsers send about six: what a packet costs must not
# be its sender's choice.
MAX_EXTENSIONS = 32


class Extension(NamedTuple):
    """One header extension element: its id and where its value lies."""

    identifier: int
    start: int
    end: int


class RtpHeader(NamedTuple):
    """Where the parts of one packet are; the payload excludes the padding."""

    is_marked: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    extensions: Sequence[Extension]
    payload_start: int
    payload_end: int


def read_header(packet: bytes) -> RtpHeader | None:
    """The header of `packet`, or None when any length in it is wrong.

    Of the extension block that holds only for its own length: elements are read up to the first
    one that does not fit into it, and MAX_EXTENSIONS at most, padding included.
    """
    end = len(packet)
    if end < HEADER_BYTES:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(packet)
    if first >> 6 != 2:
        return None
    position = HEADER_BYTES + 4 * (first & 0x0F)
    extensions: Sequence[Extension] = ()
    if first & 0x10:
        if position + 4 > end:
            return None
        profile, words = _PROFILE.unpack_from(packet, position)
        block_start = position + 4
        position = block_start + 4 * words
        if position > end:
            return None
        extensions = _read_extensions(packet, profile, block_start, position)
    if position > end:
        return None
    if first & 0x20:
        padding = packet[-1]
        if padding == 0 or padding > end - position:
            return None
        end -= padding
    return RtpHeader(
        second >= 0x80, second & 0x7F, sequence, timestamp, ssrc, extensions, position, end
    )


def _read_extensions(packet: bytes, profile: int, start: int, end: int) -> Sequence[Extension]:
    if profile == _ONE_BYTE_PROFILE:
        return _read_one_byte(packet, start, end)
    if profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        return _read_two_byte(packet, start, end)
    return ()


def _read_one_byte(packet: bytes, position: int, end: int) -> list[Extension]:
    """RFC 8285 section 4.2."""
    found: list[Extension] = []
    for _ in range(MAX_EXTENSIONS):
        if position >= end:
            break
        byte = packet[position]
        position += 1
        if byte == 0:
            continue  # padding between elements
        identifier, following = byte >> 4, position + (byte & 0x0F) + 1
        if identifier == 15 or following > end:
            break
        found.append(Extension(identifier, position, following))
        position = following
    return found


def _read_two_byte(packet: bytes, position: int, end: int) -> list[Extension]:
    """RFC 8285 section 4.3."""
    found: list[Extension] = []
    for _ in range(MAX_EXTENSIONS):
        if position >= end:
            break
        identifier = packet[position]
        position += 1
        if identifier == 0:
            continue
        if position >= end or position + 1 + packet[position] > end:
            break
        following = position + 1 + packet[position]
        found.append(Extension(identifier, position + 1, following))
        position = following
    return found


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
    return _ELEMENT_OF_THREE.pack(identifier << 28 | 2 << 24 | int(now * 2**18) & 0xFFFFFF)


def pack_extensions(
    packet: bytes, header: RtpHeader, new_ids: Mapping[int, int], own: bytes = b""
) -> bytes:
    """The extension block with only the elements of `new_ids`, under their new ids.

    `own` are elements of the relay that stand before them. Empty when nothing is left: what a
    publisher tells the relay (mid, send time, transport-wide sequence) is not for viewers, and ids
    differ from one browser to the next.
    """
    elements = own
    for identifier, start, end in header.extensions:
        if identifier in new_ids and 1 <= end - start <= 16:
            head = new_ids[identifier] << 4 | (end - start - 1)
            elements += bytes((head,)) + packet[start:end]
    if not elements:
        return b""
    padded = elements + bytes(-len(elements) % 4)
    return _PROFILE.pack(_ONE_BYTE_PROFILE, len(padded) // 4) + padded
