"""The VP9 payload descriptor, as far as a relay needs it (RFC 9628 section 4.2)."""

from typing import NamedTuple

from media_relay.forwarding.vp8 import LONG_PICTURE_ID, SHORT_PICTURE_ID

_PICTURE_ID, _PREDICTED, _LAYERS, _FLEXIBLE, _START, _STRUCTURE = 0x80, 0x40, 0x20, 0x10, 0x08, 0x02


class Vp9Payload(NamedTuple):
    """What one packet says of itself; positions are counted from the start of the payload."""

    is_key_frame_start: bool = False
    picture_id: int = 0
    picture_mask: int = 0  # 15 or 7 bits set; 0: the packet has no picture id
    picture_at: int = 0
    tl0: int = 0
    tl0_at: int = 0  # 0: the packet has no TL0PICIDX
    size: int = 0  # of the descriptor
    spatial_layer: int = 0
    height: int | None = None  # of the picture; key frames say it


UNREADABLE = Vp9Payload()


def read_vp9(packet: bytes, start: int, end: int) -> Vp9Payload:
    """The descriptor of the payload `packet[start:end]`; never raises."""
    try:
        return _read(packet[start:end])
    except IndexError:
        return UNREADABLE


def _read(payload: bytes) -> Vp9Payload:
    first, position = payload[0], 1
    picture_id = picture_mask = picture_at = tl0 = tl0_at = spatial_layer = 0
    height = None
    if first & _PICTURE_ID:
        picture_at, picture_mask, picture_id = position, SHORT_PICTURE_ID, payload[position]
        if picture_id & 0x80:
            picture_mask = LONG_PICTURE_ID
            picture_id = (picture_id & 0x7F) << 8 | payload[position + 1]
            position += 1
        position += 1
    if first & _LAYERS:
        spatial_layer = payload[position] >> 1 & 0x07
        position += 1
        if not first & _FLEXIBLE:
            tl0, tl0_at = payload[position], position
            position += 1
    if first & _FLEXIBLE and first & _PREDICTED:
        position = _skip_references(payload, position)
    if first & _STRUCTURE:
        height, position = _read_structure(payload, position)
    payload[position]  # something of the frame follows
    is_key = first & _START and not first & _PREDICTED and spatial_layer == 0
    return Vp9Payload(
        is_key_frame_start=bool(is_key),
        picture_id=picture_id,
        picture_mask=picture_mask,
        picture_at=picture_at,
        tl0=tl0,
        tl0_at=tl0_at,
        size=position,
        spatial_layer=spatial_layer,
        height=height,
    )


def _skip_references(payload: bytes, position: int) -> int:
    """Up to three differences of picture ids; the last bit says that another one follows."""
    for _ in range(3):
        position += 1
        if not payload[position - 1] & 0x01:
            break
    return position


def _read_structure(payload: bytes, position: int) -> tuple[int | None, int]:
    """The height of the largest spatial layer, and where the structure ends (section 4.2.1)."""
    flags = payload[position]
    position += 1
    height = None
    if flags & 0x10:
        for _ in range((flags >> 5) + 1):
            height = payload[position + 2] << 8 | payload[position + 3]
            position += 4
    if flags & 0x08:
        pictures = payload[position]
        position += 1
        for _ in range(pictures):
            position += 1 + (payload[position] >> 2 & 0x03)
    return height, position
