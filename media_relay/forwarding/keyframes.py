"""Key frames: recognise them, and ask for them no more than once a second and camera."""

MIN_INTERVAL_S = 1.0
_H264_SPS = 7
_H264_STAP_A = 24


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


def starts_key_frame(codec: str, packet: bytes, start: int, end: int) -> bool:
    """Whether the payload `packet[start:end]` begins a picture that needs no earlier one."""
    if start >= end:
        return False
    if codec == "VP8":
        return _starts_vp8_key_frame(packet, start, end)
    return codec == "H264" and _starts_h264_key_frame(packet, start, end)


def _starts_vp8_key_frame(packet: bytes, start: int, end: int) -> bool:
    """RFC 7741 sections 4.2 and 4.3: first packet of partition 0 with the inverse bit clear."""
    first = packet[start]
    if first & 0x17 != 0x10:  # S set, partition index 0
        return False
    position = start + 1
    if first & 0x80:
        if position >= end:
            return False
        flags = packet[position]
        position += 1
        if flags & 0x80:  # picture id of one or two bytes
            if position >= end:
                return False
            position += 2 if packet[position] & 0x80 else 1
        position += 1 if flags & 0x40 else 0  # TL0PICIDX
        position += 1 if flags & 0x30 else 0  # TID and KEYIDX share a byte
    return position < end and packet[position] & 0x01 == 0


def _starts_h264_key_frame(packet: bytes, start: int, end: int) -> bool:
    """RFC 6184 section 5: the sequence parameter set, alone or first of an aggregate.

    Not the IDR slice itself: a decoder that starts there lacks the parameters sent just before.
    """
    kind = packet[start] & 0x1F
    if kind == _H264_STAP_A:
        return start + 3 < end and packet[start + 3] & 0x1F == _H264_SPS
    return kind == _H264_SPS
