"""What a VP9 packet says of itself."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.vp9 import UNREADABLE, Vp9Payload, read_vp9
from tests.media_relay.frames import noise
from tests.media_relay.modern_codecs import encode

SIZE = (640, 480)


def test_read_vp9_key_frames_of_a_real_encoder_start_once() -> None:
    frames = [payloads for _, payloads in encode("VP9", noise(5), SIZE, key_every=3)]

    found = [[read_vp9(payload, 0, len(payload)) for payload in frame] for frame in frames]

    assert [sum(each.is_key_frame_start for each in frame) for frame in found] == [1, 0, 0, 1, 0]
    assert [frame[0].height for frame in found] == [480, None, None, 480, None]
    assert min(len(frame) for frame in found) > 1


def test_read_vp9_all_fields_without_flexible_mode() -> None:
    # I, L, B, E and V; picture id 0x1234; TL0PICIDX 77; two spatial layers with sizes, two pictures
    structure = bytes((0x38, 2, 128, 1, 104, 5, 0, 2, 208, 2, 0x04, 1, 0x48, 1, 2))
    payload = bytes((0xAE, 0x92, 0x34, 0x00, 77)) + structure + b"frame"

    assert read_vp9(b"??" + payload, 2, 2 + len(payload)) == Vp9Payload(
        is_key_frame_start=True,
        picture_id=0x1234,
        picture_mask=0x7FFF,
        picture_at=1,
        tl0=77,
        tl0_at=4,
        size=20,
        spatial_layer=0,
        height=720,
    )


def test_read_vp9_flexible_mode_has_references_and_no_tl0() -> None:
    # I, P, L, F and B; a short picture id; temporal layer 1, spatial layer 2; two references
    found = read_vp9(bytes((0xF8, 0x45, 0x24, 0x03, 0x04, 0xFF)), 0, 6)

    assert found == Vp9Payload(
        picture_id=0x45, picture_mask=0x7F, picture_at=1, size=5, spatial_layer=2
    )


def test_read_vp9_upper_spatial_layer_of_a_key_frame_is_no_beginning() -> None:
    lower, upper = bytes((0xA8, 1, 0x00, 0, 9)), bytes((0xA8, 1, 0x02, 0, 9))

    assert read_vp9(lower, 0, 5).is_key_frame_start
    assert not read_vp9(upper, 0, 5).is_key_frame_start


def test_read_vp9_descriptor_without_a_frame_is_unreadable() -> None:
    assert read_vp9(bytes((0x88, 0x01)), 0, 2) == UNREADABLE


@given(st.binary(max_size=24), st.integers(0, 24))
def test_read_vp9_any_bytes_stay_within_the_payload(payload: bytes, cut: int) -> None:
    end = min(cut, len(payload))

    found = read_vp9(payload, 0, end)

    assert found == read_vp9(payload[:end], 0, end)
    assert found == UNREADABLE or found.size < end
    assert found.picture_at + (found.picture_mask > 0x7F) < max(1, end)
    assert found.tl0_at < max(1, end)
