"""Frames as real encoders make them, cut into payloads, for tests."""

import fractions

import numpy as np
from aiortc.codecs import get_encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame


def encoded(codec: str) -> list[list[bytes]]:
    """Payloads of five frames of 640 x 480, the first and the fourth asked to be key frames."""
    encoder = get_encoder(
        RTCRtpCodecParameters(mimeType=f"video/{codec}", clockRate=90_000, payloadType=96)
    )
    frames = []
    for index in range(5):
        image = np.random.default_rng(index).integers(0, 255, (480, 640, 3), dtype=np.uint8)
        frame = VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = index * 3_000, fractions.Fraction(1, 90_000)
        payloads, _ = encoder.encode(frame, force_keyframe=index in {0, 3})
        frames.append(payloads)
    return frames
