"""Recognising key frames, and asking for them in moderation."""

import fractions

import numpy as np
import pytest
from aiortc.codecs import get_encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.keyframes import MIN_INTERVAL_S, KeyFrameGate, starts_key_frame


def encoded(codec: str) -> list[list[bytes]]:
    """Packets of five frames, the first and the fourth asked to be key frames."""
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


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_starts_key_frame_is_true_once_in_each_key_frame(codec: str) -> None:
    starts = [
        sum(starts_key_frame(codec, payload, 0, len(payload)) for payload in frame)
        for frame in encoded(codec)
    ]

    assert starts == [1, 0, 0, 1, 0]


def test_starts_key_frame_vp8_with_picture_id_and_layers() -> None:
    descriptor = bytes((0x90, 0xF0, 0x81, 0x23, 0x05, 0x40))

    assert starts_key_frame("VP8", descriptor + b"\x00", 0, 7)
    assert not starts_key_frame("VP8", descriptor + b"\x01", 0, 7)
    assert not starts_key_frame("VP8", descriptor, 0, 6)


def test_starts_key_frame_sound_never_does() -> None:
    assert not starts_key_frame("OPUS", b"\x10\x00\x00", 0, 3)


@given(st.sampled_from(["VP8", "H264"]), st.binary(max_size=12))
def test_starts_key_frame_any_payload_is_answered(codec: str, payload: bytes) -> None:
    assert starts_key_frame(codec, payload, 0, len(payload)) in {True, False}


def test_gate_nobody_wants_nothing_is_asked() -> None:
    assert not KeyFrameGate().should_ask(0.0)


def test_gate_many_viewers_ask_once_a_second() -> None:
    gate = KeyFrameGate()
    asked = []
    for step in range(40):
        now = step * 0.1
        gate.want()
        if gate.should_ask(now):
            asked.append(step)

    assert asked == [0, 10, 20, 30]


def test_gate_request_within_the_second_is_kept_for_later() -> None:
    gate = KeyFrameGate()
    gate.want()
    assert gate.should_ask(0.0)

    gate.want()

    assert not gate.should_ask(0.5)
    assert gate.should_ask(MIN_INTERVAL_S)
    assert not gate.should_ask(10.0)


def test_gate_key_frame_in_between_satisfies_the_waiting() -> None:
    gate = KeyFrameGate()
    gate.want()
    gate.should_ask(0.0)
    gate.want()

    gate.arrived()

    assert not gate.should_ask(2.0)
