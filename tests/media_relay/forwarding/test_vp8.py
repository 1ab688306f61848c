"""What a VP8 packet says of itself."""

from hypothesis import given
from hypothesis import strategies as st

from media_relay.forwarding.vp8 import UNREADABLE, Vp8Payload, read_key_frame_height, read_vp8
from tests.media_relay.frames import encoded
from tests.media_relay.packets import vp8


def test_read_vp8_key_frames_of_a_real_encoder_start_once() -> None:
    frames = encoded("VP8")

    starts = [
        sum(read_vp8(payload, 0, len(payload)).is_key_frame_start for payload in frame)
        for frame in frames
    ]
    height = read_key_frame_height(frames[0][0], read_vp8(frames[0][0], 0, len(frames[0][0])))

    assert starts == [1, 0, 0, 1, 0]
    assert height == 480


def test_read_vp8_all_fields() -> None:
    payload = vp8(0x1234, 77, is_key=True)

    assert read_vp8(b"??" + payload, 2, 2 + len(payload)) == Vp8Payload(
        is_key_frame_start=True,
        picture_id=0x1234,
        picture_mask=0x7FFF,
        picture_at=2,
        tl0=77,
        tl0_at=4,
        size=6,
    )


def test_read_vp8_short_picture_id() -> None:
    found = read_vp8(bytes((0x90, 0x80, 0x45, 0x01)), 0, 4)

    assert (found.picture_id, found.picture_mask, found.picture_at) == (0x45, 0x7F, 2)
    assert not found.is_key_frame_start


def test_read_vp8_without_extension_has_no_numbers() -> None:
    found = read_vp8(bytes((0x10, 0x00)), 0, 2)

    assert found == Vp8Payload(is_key_frame_start=True, size=1)


def test_read_vp8_descriptor_without_a_frame_is_no_key_frame() -> None:
    payload = vp8(1, 1, is_key=True)[:6]

    assert not read_vp8(payload, 0, 6).is_key_frame_start


@given(st.binary(max_size=12), st.integers(0, 12))
def test_read_vp8_any_bytes_stay_within_the_payload(payload: bytes, cut: int) -> None:
    end = min(cut, len(payload))

    found = read_vp8(payload, 0, end)

    assert found == UNREADABLE or 0 < found.size <= end
    assert max(found.picture_at, found.tl0_at) <= found.size
    height = read_key_frame_height(payload[:end], found)
    assert height is None or 0 <= height < 2**14
