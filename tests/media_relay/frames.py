"""Frames as real encoders make them, cut into payloads, for tests."""

import fractions
from collections.abc import Iterator

import numpy as np
from aiortc.codecs import get_encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame


def encoded(codec: str) -> list[list[bytes]]:
    """Payloads of five frames of 640 x 480, the first and the fourth asked to be key frames."""
    encoder = get_encoder(
        RTCRtpCodecParameters(mimeType=f"video/{codec}", clockRate=90_000, payloadType=96)
    )
    return [
        encoder.encode(frame, force_keyframe=index in {0, 3})[0]
        for index, frame in enumerate(noise(5))
    ]


def noise(count: int, size: tuple[int, int] = (640, 480)) -> Iterator[VideoFrame]:
    """Pictures that no encoder makes small."""
    for index in range(count):
        chance = np.random.default_rng(index)
        image = chance.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        frame = VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = index * 3_000, fractions.Fraction(1, 90_000)
        yield frame
