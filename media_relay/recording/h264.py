"""As much of H.264's sequence parameter set as a container needs (ITU-T H.264 section 7.3.2.1)."""

from struct import pack

from media_relay.recording.bits import Bits

_WITH_CHROMA = {100, 110, 122, 244, 44, 83, 86, 118, 128}
_MAX_SIDE = 16_384


def picture_size(unit: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None for a set that cannot be read."""
    try:
        size = _read_size(Bits(unit[1:].replace(b"\0\0\x03", b"\0\0")))
    except ValueError:
        return None
    return size if all(1 <= side <= _MAX_SIDE for side in size) else None


def avc_configuration(sequence: bytes, picture: bytes) -> bytes:
    """The decoder configuration of ISO/IEC 14496-15 section 5.3.3, lengths of four bytes."""
    head = bytes((1, *sequence[1:4], 0xFF, 0xE1))
    return head + pack("!H", len(sequence)) + sequence + pack("!BH", 1, len(picture)) + picture


def _read_size(bits: Bits) -> tuple[int, int]:
    profile = bits.read(8)
    bits.read(16)  # constraints and level
    bits.read_number()  # id
    chroma = _read_chroma(bits) if profile in _WITH_CHROMA else 1
    bits.read_number()  # bits of a frame number
    _skip_picture_order(bits)
    bits.read_number()  # reference frames
    bits.read(1)
    columns, rows = bits.read_number() + 1, bits.read_number() + 1
    is_progressive = bits.read(1)
    if not is_progressive:
        bits.read(1)
    bits.read(1)
    left = right = top = bottom = 0
    if bits.read(1):
        left, right, top, bottom = (bits.read_number() for _ in range(4))
    unit_x = 2 if chroma in {1, 2} else 1
    unit_y = (2 if chroma == 1 else 1) * (2 - is_progressive)
    width = 16 * columns - unit_x * (left + right)
    height = 16 * rows * (2 - is_progressive) - unit_y * (top + bottom)
    return width, height


def _read_chroma(bits: Bits) -> int:
    chroma = bits.read_number()
    if chroma == 3:
        bits.read(1)
    bits.read_number()
    bits.read_number()
    bits.read(1)
    if bits.read(1):
        raise ValueError("Scaling lists do not occur in calls.")
    return chroma


def _skip_picture_order(bits: Bits) -> None:
    kind = bits.read_number()
    if kind == 0:
        bits.read_number()
    elif kind == 1:
        bits.read(1)
        bits.read_number()
        bits.read_number()
        for _ in range(min(bits.read_number(), 255)):
            bits.read_number()
