"""What the load client's publishers send: packets like those of a 720p VP8 camera.

Nobody decodes them, so behind the descriptor and the key frame's header stand random bytes.
"""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import pack

TRACE = Path(__file__).parent / "chromium_720p.json"
FRAMES_PER_S = 30
EVEN_PACKETS_PER_FRAME = 6
EVEN_BYTES = 1100  # six of them, thirty times a second: 1.6 Mbit/s
OPUS_BYTES = 80
OPUS_INTERVAL_S = 0.02
NOISE = random.Random(1).randbytes(4096)
# Single start partition, 15-bit picture id and TL0PICIDX (RFC 7741 section 4.2) ...
KEY_HEAD = bytes.fromhex("100000") + b"\x9d\x01\x2a" + pack("<HH", 1280, 720)
DELTA_HEAD = bytes.fromhex("110000")


@dataclass(frozen=True)
class Sent:
    """One packet of the pattern: when, how long its payload is, and whether the frame ends."""

    at_s: float
    payload_bytes: int
    ends_frame: bool


def even() -> list[Sent]:
    """Four seconds of frames of equal packets, each frame at once."""
    return [
        Sent(frame / FRAMES_PER_S, EVEN_BYTES, index == EVEN_PACKETS_PER_FRAME - 1)
        for frame in range(4 * FRAMES_PER_S)
        for index in range(EVEN_PACKETS_PER_FRAME)
    ]


def chromium() -> list[Sent]:
    """As recorded by `record_chromium.py`: sizes and pacing of Chromium's 720p camera."""
    return [Sent(*row) for row in json.loads(TRACE.read_text(encoding="utf-8"))["packets"]]


class VideoPackets:
    """An endless stream of RTP packets after a pattern; starts over when a key frame is wanted."""

    def __init__(self, pattern: list[Sent], *, ssrc: int, payload_type: int) -> None:
        self._pattern = pattern
        self._ssrc = ssrc
        self._payload_type = payload_type
        self._wants_key_frame = False

    def ask_key_frame(self) -> None:
        self._wants_key_frame = True

    def play(self) -> Iterator[tuple[float, bytes]]:
        """When to send, in seconds from the start, and what."""
        sequence, started_s, timestamp, picture = random.randrange(2**16), 0.0, 0, 0
        while True:
            last_s, starts_frame, is_key = 0.0, True, True
            for sent in self._pattern:
                if starts_frame:
                    if self._wants_key_frame:
                        break
                    timestamp = int((started_s + sent.at_s) * 90_000)
                    picture += 1
                head = self._head(starts_frame, is_key, picture)
                payload = (head + NOISE[picture % 1000 :])[: max(len(head), sent.payload_bytes)]
                flags = self._payload_type | (0x80 if sent.ends_frame else 0)
                numbers = sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self._ssrc
                yield started_s + sent.at_s, pack("!BBHII", 0x80, flags, *numbers) + payload
                sequence += 1
                last_s, starts_frame = sent.at_s, sent.ends_frame
                is_key = is_key and not sent.ends_frame
            self._wants_key_frame = False
            # A packet that lies on a frame exactly may have been rounded to just before it.
            frames = math.floor((started_s + last_s) * FRAMES_PER_S + 1e-6)
            started_s = (frames + 1) / FRAMES_PER_S

    def _head(self, starts_frame: bool, is_key: bool, picture: int) -> bytes:
        descriptor = pack(
            "!BBHB", 0x90 if starts_frame else 0x80, 0xC0, 0x8000 | picture & 0x7FFF, 0
        )
        if not starts_frame:
            return descriptor
        return descriptor + (KEY_HEAD if is_key else DELTA_HEAD)


def opus(*, ssrc: int, payload_type: int) -> Iterator[tuple[float, bytes]]:
    """A voice: fifty packets a second."""
    for number in range(2**40):
        numbers = number & 0xFFFF, number * 960 & 0xFFFFFFFF, ssrc
        head = pack("!BBHII", 0x80, payload_type, *numbers)
        yield number * OPUS_INTERVAL_S, head + NOISE[:OPUS_BYTES]
