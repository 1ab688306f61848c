"""Key frames: recognise them, and ask for them no more than once a second and camera."""

from collections.abc import Iterator

MIN_INTERVAL_S = 1.0
_H264_SPS = 7
_H264_STAP_A = 24
_H265_VPS = 32
_H265_AGGREGATE = 48
_MAX_AGGREGATED = 8  # units of one packet that are looked at: delimiters and the like come first


class KeyFrameGate:
    """Coalesces the requests of all viewers of one camera.

    A request within the second is not lost: it waits until the second is over, unless a key frame
    comes before.
    """

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._is_wanted = False

    def want(self) -> None:
        """Some viewer needs a key frame."""
        self._is_wanted = True

    def arrived(self) -> None:
        """A key frame came: whoever waited has it."""
        self._is_wanted = False

    def should_ask(self, now: float) -> bool:
        """True when a request is to be sent now; it then counts as sent."""
        is_early = self._asked_at is not None and now - self._asked_at < MIN_INTERVAL_S
        if not self._is_wanted or is_early:
            return False
        self._asked_at = now
        self._is_wanted = False
        return True


def starts_h264_key_frame(packet: bytes, start: int, end: int) -> bool:
    """RFC 6184 section 5: the sequence parameter set, alone or in an aggregate.

    Not the IDR slice itself: a decoder that starts there lacks the parameters sent just before.
    """
    if start >= end:
        return False
    kind = packet[start] & 0x1F
    if kind == _H264_STAP_A:
        return any(packet[at] & 0x1F == _H264_SPS for at in _iter_units(packet, start + 1, end))
    return kind == _H264_SPS


def starts_h265_key_frame(packet: bytes, start: int, end: int) -> bool:
    """RFC 7798 section 4.4: the video parameter set, alone or in an aggregate."""
    if start >= end:
        return False
    kind = packet[start] >> 1 & 0x3F
    if kind == _H265_AGGREGATE:
        units = _iter_units(packet, start + 2, end)
        return any(packet[at] >> 1 & 0x3F == _H265_VPS for at in units)
    return kind == _H265_VPS


def _iter_units(packet: bytes, position: int, end: int) -> Iterator[int]:
    """Where the first units of an aggregate begin: each has two bytes of length before it."""
    for _ in range(_MAX_AGGREGATED):
        if position + 2 >= end:
            return
        yield position + 2
        position += 2 + int.from_bytes(packet[position : position + 2], "big")
