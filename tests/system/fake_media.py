"""Pictures and sound for Chromium's fake camera and microphone, fed from files."""

import math
import struct
import wave
from pathlib import Path

WIDTH, HEIGHT, FRAMES_PER_S, SECONDS = 320, 180, 15, 2
SAMPLES_PER_S = 48_000


def write_picture(path: Path, *, brightness: int) -> Path:
    """A short clip in YUV4MPEG2: a bar that moves over a ground of `brightness` (16 to 200)."""
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n"
    colour = bytes([128]) * (WIDTH * HEIGHT // 4)
    with path.open("wb") as file:
        file.write(header.encode())
        for number in range(FRAMES_PER_S * SECONDS):
            row = bytearray([brightness]) * WIDTH
            left = number * 10 % (WIDTH - 40)
            row[left : left + 40] = bytes([235]) * 40
            file.write(b"FRAME\n" + bytes(row) * HEIGHT + colour * 2)
    return path


def write_tone(path: Path, *, frequency_hz: float) -> Path:
    """Two seconds of a beep that comes and goes, so that it is not taken for noise."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLES_PER_S)
        for index in range(SAMPLES_PER_S * SECONDS):
            is_on = index // (SAMPLES_PER_S // 4) % 2 == 0
            angle = 2 * math.pi * frequency_hz * index / SAMPLES_PER_S
            file.writeframesraw(struct.pack("<h", int(12_000 * math.sin(angle)) if is_on else 0))
    return path
