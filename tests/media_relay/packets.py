"""RTP packets made by hand, for tests of the parts that read and rewrite them."""

from struct import pack

from media_relay.forwarding.ring import StoredPacket

VP8_KEY_FRAME = bytes((0x10, 0x00, 0x9D, 0x01, 0x2A)) + bytes(20)
VP8_DELTA_FRAME = bytes((0x10, 0x01)) + bytes(20)


def vp8(picture_id: int, tl0: int, *, is_key: bool = False, is_start: bool = True) -> bytes:
    """A payload with a 15-bit picture id and TL0PICIDX (RFC 7741 section 4.2)."""
    first = 0x80 | (0x10 if is_start else 0)
    head = bytes((first, 0xE0, 0x80 | picture_id >> 8 & 0x7F, picture_id & 0xFF, tl0 & 0xFF, 0))
    return head + (b"\x00\x00\x00\x9d\x01\x2a" if is_key else b"\x01")


def rtp(
    *,
    sequence: int,
    timestamp: int = 0,
    ssrc: int = 0x1111,
    payload_type: int = 96,
    marker: bool = False,
    extensions: dict[int, bytes] | None = None,
    payload: bytes = VP8_DELTA_FRAME,
    padding: int = 0,
) -> bytes:
    """A packet with one-byte header extensions (RFC 8285 section 4.2)."""
    first = 0x80 | (0x10 if extensions else 0) | (0x20 if padding else 0)
    second = payload_type | (0x80 if marker else 0)
    head = pack("!BBHII", first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    if extensions:
        block = b"".join(
            bytes((identifier << 4 | len(value) - 1,)) + value
            for identifier, value in extensions.items()
        )
        block += bytes(-len(block) % 4)
        head += pack("!HH", 0xBEDE, len(block) // 4) + block
    tail = bytes(padding - 1) + bytes((padding,)) if padding else b""
    return head + payload + tail


def stored(
    sequence: int,
    *,
    timestamp: int = 0,
    is_key_frame_start: bool = False,
    data: bytes = VP8_DELTA_FRAME,
) -> StoredPacket:
    """A packet as a source keeps it."""
    return StoredPacket(
        sequence=sequence,
        timestamp=timestamp,
        is_marked=True,
        is_key_frame_start=is_key_frame_start,
        payload_start=0,
        data=data,
    )
