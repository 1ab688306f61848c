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
    picture_id = picture_mask = picture_at = tl0 = tl0_at = 0
    if first & 0x80:
        if position >= end:
            return UNREADABLE
        flags = packet[position]
        position += 1
        if flags & 0x80:
            if position >= end:
                return UNREADABLE
            picture_id, picture_mask, picture_at = packet[position], SHORT_PICTURE_ID, position
            if picture_id & 0x80:
                if position + 1 >= end:
                    return UNREADABLE
                picture_id = (picture_id & 0x7F) << 8 | packet[position + 1]
                picture_mask = LONG_PICTURE_ID
                position += 1
            position += 1
        tl0_at = position if flags & 0x40 else 0
        position += (1 if flags & 0x40 else 0) + (1 if flags & 0x30 else 0)  # TID and KEYIDX: one
        if position > end:
            return UNREADABLE
        tl0 = packet[tl0_at] if tl0_at else 0
    return Vp8Payload(
        first & 0x17 == 0x10 and _is_key_frame(packet, position, end),
        picture_id,
        picture_mask,
        picture_at - start if picture_at else 0,
        tl0,
        tl0_at - start if tl0_at else 0,
        position - start,
    )


def _is_key_frame(packet: bytes, position: int, end: int) -> bool:
    """For the first packet of partition 0: the inverse key frame bit is clear (section 4.3)."""
    return position < end and packet[position] & 0x01 == 0


def read_key_frame_height(payload: bytes, descriptor: Vp8Payload) -> int | None:
    """How many lines the picture has, from the first packet of a key frame (RFC 6386 9.1)."""
    at = descriptor.size
    if payload[at + 3 : at + 6] != b"\x9d\x01\x2a" or len(payload) < at + 10:
        return None
    return int.from_bytes(payload[at + 8 : at + 10], "little") & 0x3FFF
