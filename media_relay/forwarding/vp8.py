"""The VP8 payload descriptor and frame header, as far as a relay needs them (RFC 7741)."""

from typing import NamedTuple

LONG_PICTURE_ID = 0x7FFF
SHORT_PICTURE_ID = 0x7F


class Vp8Payload(NamedTuple):
    """What one packet says of itself; positions are counted from the start of the payload."""

    is_key_frame_start: bool = False
    picture_id: int = 0
    picture_mask: int = 0  # 15 or 7 bits set; 0: the packet has no picture id
    picture_at: int = 0
    tl0: int = 0
    tl0_at: int = 0  # 0: the packet has no TL0PICIDX
    size: int = 0  # of the descriptor


UNREADABLE = Vp8Payload()


def read_vp8(packet: bytes, start: int, end: int) -> Vp8Payload:
    """The descriptor of the payload `packet[start:end]` (section 4.2); never raises."""
    if start >= end:
        return UNREADABLE
    first = packet[start]
    position = start + 1
    if not first & 0x80:
        return _finish(packet, first, position, end, UNREADABLE, start)
    if position >= end:
        return UNREADABLE
    flags = packet[position]
    position += 1
    found = UNREADABLE
    if flags & 0x80:
        if position >= end:
            return UNREADABLE
        is_long = packet[position] & 0x80 != 0
        if is_long and position + 1 >= end:
            return UNREADABLE
        found = Vp8Payload(
            picture_id=(packet[position] & 0x7F) << 8 | packet[position + 1]
            if is_long
            else packet[position],
            picture_mask=LONG_PICTURE_ID if is_long else SHORT_PICTURE_ID,
            picture_at=position - start,
        )
        position += 2 if is_long else 1
    if flags & 0x40:
        if position >= end:
            return UNREADABLE
        found = found._replace(tl0=packet[position], tl0_at=position - start)
        position += 1
    position += 1 if flags & 0x30 else 0  # TID and KEYIDX share a byte
    return _finish(packet, first, position, end, found, start)


def _finish(
    packet: bytes, first: int, position: int, end: int, found: Vp8Payload, start: int
) -> Vp8Payload:
    """First packet of partition 0, with the inverse key frame bit clear (section 4.3)."""
    if position > end:
        return UNREADABLE
    is_start = first & 0x17 == 0x10 and position < end and packet[position] & 0x01 == 0
    return found._replace(is_key_frame_start=is_start, size=position - start)


def read_key_frame_height(payload: bytes, descriptor: Vp8Payload) -> int | None:
    """How many lines the picture has, from the first packet of a key frame (RFC 6386 9.1)."""
    at = descriptor.size
    if payload[at + 3 : at + 6] != b"\x9d\x01\x2a" or len(payload) < at + 10:
        return None
    return int.from_bytes(payload[at + 8 : at + 10], "little") & 0x3FFF
