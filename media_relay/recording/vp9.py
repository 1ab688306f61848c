"""As much of VP9's frame header as a container needs (VP9 bitstream specification, section 6.2)."""

from media_relay.recording.bits import Bits

_SYNC = 0x498342
_SRGB = 7


def key_frame_size(frame: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None for what is no key frame of profile 0."""
    try:
        return _read_size(Bits(frame[:16]))
    except ValueError:
        return None


def _read_size(bits: Bits) -> tuple[int, int] | None:
    marker, profile, shows_existing, is_not_key = (bits.read(n) for n in (2, 2, 1, 1))
    if (marker, profile, shows_existing, is_not_key) != (2, 0, 0, 0):
        return None
    bits.read(2)  # shown, and error resilient
    if bits.read(24) != _SYNC or bits.read(3) == _SRGB:
        return None
    bits.read(1)  # the range of colours
    return bits.read(16) + 1, bits.read(16) + 1
