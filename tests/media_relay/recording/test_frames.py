"""What a publisher may put into a picture, and what that may cost."""

import time

import pytest

from media_relay.recording.frames import MAX_FRAME_BYTES, make_assembler
from media_relay.recording.limits import MAX_PACKETS_IN_PICTURE
from tests.media_relay.packets import stored


def test_take_h264_of_units_without_end_is_refused_before_it_costs_anything() -> None:
    """Four megabytes of aggregates of one byte each."""
    aggregate = bytes((24,)) + b"\0\x01\x07" * 390
    packets = [
        stored(number, data=aggregate, is_key_frame_start=number == 1)._replace(is_marked=False)
        for number in range(1, MAX_FRAME_BYTES // len(aggregate))
    ]
    last = stored(len(packets) + 1, data=aggregate)
    assembler = make_assembler("H264")
    assert assembler is not None

    started = time.process_time()
    frames = [assembler.take(packet) for packet in (*packets, last)]

    assert frames == [None] * len(frames)
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    ("count", "is_taken"), [(MAX_PACKETS_IN_PICTURE, True), (MAX_PACKETS_IN_PICTURE + 1, False)]
)
def test_take_picture_of_more_packets_than_pictures_have_is_given_up(
    count: int, is_taken: bool
) -> None:
    assembler = make_assembler("VP8")
    assert assembler is not None
    key_frame = b"\x10\x00\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01"
    payloads = [key_frame, *([b"\x00\x55"] * (count - 1))]

    frames = [
        assembler.take(
            stored(number, data=data, is_key_frame_start=number == 1)._replace(
                is_marked=number == count
            )
        )
        for number, data in enumerate(payloads, start=1)
    ]

    assert (frames[-1] is not None) is is_taken
