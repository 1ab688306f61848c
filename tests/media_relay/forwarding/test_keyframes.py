"""Recognising key frames, and asking for them in moderation."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.keyframes import (
    MIN_INTERVAL_S,
    KeyFrameGate,
    starts_h264_key_frame,
    starts_h265_key_frame,
)
from tests.media_relay.frames import encoded, noise
from tests.media_relay.modern_codecs import encode


def test_starts_h264_key_frame_is_true_once_in_each_key_frame() -> None:
    starts = [
        sum(starts_h264_key_frame(payload, 0, len(payload)) for payload in frame)
        for frame in encoded("H264")
    ]

    assert starts == [1, 0, 0, 1, 0]


def test_starts_h265_key_frame_is_true_once_in_each_key_frame() -> None:
    frames = [payloads for _, payloads in encode("H265", noise(5), (640, 480), key_every=3)]

    starts = [
        sum(starts_h265_key_frame(payload, 0, len(payload)) for payload in frame)
        for frame in frames
    ]

    assert starts == [1, 0, 0, 1, 0]
    assert min(map(len, frames)) > 1


def test_starts_h265_key_frame_looks_at_each_unit_of_an_aggregate() -> None:
    delimiter, parameters, picture = (bytes((kind << 1, 1, 0x50)) for kind in (35, 32, 1))

    for units, is_start in (
        ((parameters, picture), True),
        ((delimiter, parameters, picture), True),
        ((delimiter, picture), False),
    ):
        aggregate = bytes((48 << 1, 1)) + b"".join(bytes((0, 3)) + unit for unit in units)
        assert starts_h265_key_frame(b"??" + aggregate, 2, 2 + len(aggregate)) is is_start


def test_starts_h264_key_frame_looks_at_each_unit_of_an_aggregate() -> None:
    delimiter, parameters, picture = (bytes((kind, 0x50)) for kind in (9, 7, 1))

    for units, is_start in (
        ((parameters, picture), True),
        ((delimiter, parameters), True),
        ((delimiter, picture), False),
    ):
        aggregate = bytes((24,)) + b"".join(bytes((0, 2)) + unit for unit in units)
        assert starts_h264_key_frame(b"??" + aggregate, 2, 2 + len(aggregate)) is is_start


@given(st.binary(max_size=12))
def test_starts_h265_key_frame_any_payload_is_answered(payload: bytes) -> None:
    assert starts_h265_key_frame(payload, 0, len(payload)) in {True, False}


@given(st.binary(max_size=12))
def test_starts_h264_key_frame_any_payload_is_answered(payload: bytes) -> None:
    assert starts_h264_key_frame(payload, 0, len(payload)) in {True, False}


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
