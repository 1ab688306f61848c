"""A clip of beeps and flashes that fall together, and how to find them again in files."""

import asyncio
import fractions
import time
from pathlib import Path

import av
import numpy as np
from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

PERIOD_S = 1.0
LENGTH_S = 0.2  # of each beep and flash
VIDEO_RATE = 30
SOUND_RATE = 48_000
SOUND_SAMPLES = 960


class Beeps(MediaStreamTrack):
    """Silence, and a loud tone during the first fifth of each second since `began_at`."""

    kind = "audio"

    def __init__(self, began_at: float) -> None:
        super().__init__()
        self._began_at = began_at
        self._position = 0

    async def recv(self) -> AudioFrame:
        start = self._position
        self._position += SOUND_SAMPLES
        await asyncio.sleep(
            max(0.0, self._began_at + self._position / SOUND_RATE - time.monotonic())
        )
        times = (np.arange(SOUND_SAMPLES) + start) / SOUND_RATE
        wave = np.sin(2 * np.pi * 880 * times) * 16_000 * (times % PERIOD_S < LENGTH_S)
        frame = AudioFrame.from_ndarray(wave.astype(np.int16).reshape(1, -1), "s16", "mono")
        frame.pts, frame.sample_rate = start, SOUND_RATE
        frame.time_base = fractions.Fraction(1, SOUND_RATE)
        return frame


class Flashes(MediaStreamTrack):
    """Dark, and white while the beep sounds."""

    kind = "video"

    def __init__(self, began_at: float, size: tuple[int, int] = (96, 128)) -> None:
        super().__init__()
        self._began_at = began_at
        self._number = 0
        self._dark = np.full((*size, 3), 20, dtype=np.uint8)
        self._white = np.full((*size, 3), 235, dtype=np.uint8)

    async def recv(self) -> VideoFrame:
        at_s = self._number / VIDEO_RATE
        self._number += 1
        await asyncio.sleep(max(0.0, self._began_at + at_s - time.monotonic()))
        is_white = at_s % PERIOD_S < LENGTH_S
        frame = VideoFrame.from_ndarray(self._white if is_white else self._dark, format="rgb24")
        frame.pts = round(at_s * 90_000)
        frame.time_base = fractions.Fraction(1, 90_000)
        return frame


def clip() -> tuple[Beeps, Flashes]:
    """Sound and picture on one clock that starts now."""
    began_at = time.monotonic()
    return Beeps(began_at), Flashes(began_at)


def flash_times_s(path: Path) -> list[float]:
    """When the picture turns white, in seconds of the file."""
    times: list[float] = []
    was_white = True  # a file may begin within a flash
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            is_white = float(frame.to_ndarray(format="gray8").mean()) > 128
            if is_white and not was_white:
                times.append(float(frame.time))
            was_white = is_white
    return times


def beep_times_s(path: Path) -> list[float]:
    """When the tone sets in, in seconds of the file, to 5 ms."""
    times: list[float] = []
    was_loud = True
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray().reshape(-1, frame.layout.nb_channels)[:, 0])
            for start in range(0, len(samples) - 239, 240):
                is_loud = float(samples[start : start + 240].max()) > _loud(frame)
                if is_loud and not was_loud:
                    times.append(float(frame.time) + start / frame.sample_rate)
                was_loud = is_loud
    return times


def _loud(frame: AudioFrame) -> float:
    return 0.1 if frame.format.name.startswith("flt") else 3_000
