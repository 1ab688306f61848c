"""What an AV1 packet says of itself."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.av1 import starts_av1_key_frame
from tests.media_relay.frames import noise
from tests.media_relay.modern_codecs import encode


def test_starts_av1_key_frame_is_true_once_in_each_key_frame() -> None:
    frames = [payloads for _, payloads in encode("AV1", noise(5), (640, 480), key_every=3)]

    starts = [
        sum(starts_av1_key_frame(payload, 0, len(payload)) for payload in frame) for frame in frames
    ]

    assert starts == [1, 0, 0, 1, 0]
    assert min(map(len, frames)) > 1


def test_starts_av1_key_frame_is_false_for_what_goes_on_from_another_packet() -> None:
    assert starts_av1_key_frame(bytes((0x18, 0x0A)), 0, 2)
    assert not starts_av1_key_frame(bytes((0x98, 0x0A)), 0, 2)


@given(st.binary(max_size=4))
def test_starts_av1_key_frame_any_payload_is_answered(payload: bytes) -> None:
    assert starts_av1_key_frame(payload, 0, len(payload)) in {True, False}
