"""Key frames: recognise them, and ask for them no more than once a second and camera."""

MIN_INTERVAL_S = 1.0
_H264_SPS = 7
_H264_STAP_A = 24
_H265_VPS = 32
_H265_AGGREGATE = 48


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
    """RFC 6184 section 5: the sequence parameter set, alone or first of an aggregate.

    Not the IDR slice itself: a decoder that starts there lacks the parameters sent just before.
    """
    if start >= end:
        return False
    kind = packet[start] & 0x1F
    if kind == _H264_STAP_A:
        return start + 3 < end and packet[start + 3] & 0x1F == _H264_SPS
    return kind == _H264_SPS


def starts_h265_key_frame(packet: bytes, start: int, end: int) -> bool:
    """RFC 7798 section 4.4: the video parameter set, alone or first of an aggregate."""
    if start >= end:
        return False
    kind = packet[start] >> 1 & 0x3F
    if kind == _H265_AGGREGATE:  # two bytes of header, two of length
        return start + 4 < end and packet[start + 4] >> 1 & 0x3F == _H265_VPS
    return kind == _H265_VPS
