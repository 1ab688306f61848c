"""What the demo presenter shows and plays: colour bars with a clock, and a beep each second."""

import asyncio
import time
from fractions import Fraction

import cv2
import numpy as np
from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

WIDTH_PX, HEIGHT_PX = 640, 360
FRAMES_PER_S = 15
# Blue, green, red: 75 % bars in the order of their brightness, as test pictures have them.
BARS = (
    (191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0), (191, 0, 191), (0, 0, 191),
    (191, 0, 0),
)  # fmt: skip
CAPTION = "vmcrm test picture"

SAMPLES_PER_S = 48_000
SAMPLES_PER_FRAME = 960
BEEP_HZ = 440
BEEP_S = 0.15
LOUDNESS = 3_000  # of 32,767: heard, and nobody jumps

_VIDEO_CLOCK = 90_000


class Picture(MediaStreamTrack):
    """Bars, the time of day, and a line that wanders: one sees at once whether it moves."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._bars = _draw_bars()
        self._number = 0
        self._started = time.monotonic()

    async def recv(self) -> VideoFrame:
        await _sleep_until(self._started + self._number / FRAMES_PER_S)
        frame = VideoFrame.from_ndarray(self._draw(), format="bgr24")
        frame.pts = self._number * _VIDEO_CLOCK // FRAMES_PER_S
        frame.time_base = Fraction(1, _VIDEO_CLOCK)
        self._number += 1
        return frame

    def _draw(self) -> np.ndarray:
        picture = self._bars.copy()
        left = self._number * 8 % WIDTH_PX
        picture[:, left : left + 6] = 255
        _write(picture, time.strftime("%H:%M:%S"), top=HEIGHT_PX - 60, scale=1.6)
        _write(picture, CAPTION, top=HEIGHT_PX - 18, scale=0.7)
        return picture


class Beep(MediaStreamTrack):
    """Silence with a short tone at the beginning of each second."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._position = 0
        self._started = time.monotonic()

    async def recv(self) -> AudioFrame:
        await _sleep_until(self._started + self._position / SAMPLES_PER_S)
        times = (self._position + np.arange(SAMPLES_PER_FRAME)) / SAMPLES_PER_S
        wave = np.where(times % 1 < BEEP_S, np.sin(2 * np.pi * BEEP_HZ * times) * LOUDNESS, 0)
        frame = AudioFrame.from_ndarray(
            wave.astype(np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = SAMPLES_PER_S
        frame.pts = self._position
        frame.time_base = Fraction(1, SAMPLES_PER_S)
        self._position += SAMPLES_PER_FRAME
        return frame


def _draw_bars() -> np.ndarray:
    picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    edges = np.linspace(0, WIDTH_PX, len(BARS) + 1).astype(int)
    for colour, left, right in zip(BARS, edges, edges[1:], strict=False):
        picture[: HEIGHT_PX * 2 // 3, left:right] = colour
    return picture


def _write(picture: np.ndarray, text: str, *, top: int, scale: float) -> None:
    font = cv2.FONT_HERSHEY_DUPLEX
    (width, _height), _below = cv2.getTextSize(text, font, scale, 2)
    place = ((WIDTH_PX - width) // 2, top)
    cv2.putText(picture, text, place, font, scale, (255, 255, 255), 2, cv2.LINE_AA)


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
