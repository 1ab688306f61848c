"""What a publisher may put into a picture, and what that may cost."""

import time

from media_relay.recording.frames import MAX_FRAME_BYTES, make_assembler
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
