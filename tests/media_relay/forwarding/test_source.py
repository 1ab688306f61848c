"""One incoming stream: duplicates, repairs, statistics."""

from struct import pack

import pytest

from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.rtcp import SenderReport
from media_relay.forwarding.rtp import read_header
from media_relay.forwarding.source import ClockMark, SourceStream, unwrap_repair
from tests.media_relay.packets import VP8_DELTA_FRAME, VP8_KEY_FRAME, rtp
from tests.media_relay.recording.encoded import new_stream, packets_of


def stream() -> SourceStream:
    return SourceStream(ssrc=0x1111, codec="VP8", clock_rate=90_000, extension_ids={13: 2})


def receive(
    source: SourceStream, packet: bytes, now: float = 0.0, *, is_repair: bool = False
) -> StoredPacket | None:
    header = read_header(packet)
    assert header is not None
    if is_repair:
        header = unwrap_repair(packet, header)
        assert header is not None
    return source.receive(packet, header, now, is_repair=is_repair)


def test_receive_keeps_what_viewers_need() -> None:
    packet = rtp(
        sequence=7,
        timestamp=90,
        marker=True,
        extensions={4: b"0", 13: b"\x01"},
        payload=VP8_KEY_FRAME,
        padding=3,
    )

    kept = receive(stream(), packet)

    assert kept is not None
    assert (kept.timestamp, kept.is_marked, kept.is_key_frame_start) == (90, True, True)
    assert kept.data[: kept.payload_start] == bytes((0xBE, 0xDE, 0, 1, 0x20, 1, 0, 0))
    assert kept.data[kept.payload_start :] == VP8_KEY_FRAME


@pytest.mark.parametrize("codec", ["VP8", "VP9", "AV1", "H264", "H265"])
def test_joiner_of_a_real_encoders_stream_is_served_from_its_last_key_frame(codec: str) -> None:
    source = new_stream(codec)

    packets = packets_of(codec, 7, key_every=5, source=source)

    served = source.ring.since_key_frame(200)
    assert [packet.is_key_frame_start for packet in packets].count(True) == 2
    assert served is not None
    assert served[0].is_key_frame_start
    assert {packet.timestamp for packet in served} == {5 * 3_000, 6 * 3_000}


def test_receive_duplicate_is_none() -> None:
    source = stream()
    receive(source, rtp(sequence=7))

    assert receive(source, rtp(sequence=7)) is None


def test_receive_repair_fills_the_gap_once() -> None:
    source = stream()
    receive(source, rtp(sequence=7))
    receive(source, rtp(sequence=9))
    repair = rtp(
        sequence=500, ssrc=0x2222, payload_type=97, payload=pack("!H", 8) + VP8_DELTA_FRAME
    )
    assert [number & 0xFFFF for number in source.nack.due(0.01)] == [8]

    first = receive(source, repair, is_repair=True)
    second = receive(source, repair, is_repair=True)

    assert first is not None
    assert (first.sequence & 0xFFFF, first.data) == (8, VP8_DELTA_FRAME)
    assert second is None
    assert source.nack.due(1.0) == []


def test_unwrap_repair_empty_probe_is_none() -> None:
    packet = rtp(sequence=1, payload=b"", padding=100)
    header = read_header(packet)
    assert header is not None

    assert unwrap_repair(packet, header) is None


def test_receive_long_gap_is_beyond_repair() -> None:
    source = stream()
    receive(source, rtp(sequence=7))

    receive(source, rtp(sequence=2_000))

    assert source.is_beyond_repair


def test_report_loss_jitter_and_clock() -> None:
    source = stream()
    assert source.report(0.0) is None
    for index in (0, 1, 2, 4):  # one of five lost, the last one 10 ms late
        late = 0.01 if index == 4 else 0.0
        receive(source, rtp(sequence=65_533 + index, timestamp=3_000 * index), index / 30 + late)
    source.accept_sender_report(SenderReport(0x1111, 0x0000_1234_5678_0000, 5), 1.0)

    block = source.report(1.5)

    assert block is not None
    assert (block.ssrc, block.packets_lost, block.fraction_lost) == (0x1111, 1, 256 // 5)
    assert block.highest_sequence & 0xFFFF == 1
    assert block.jitter == 900 // 16
    assert (block.last_report, block.delay_since_last_report) == (0x1234_5678, 32_768)
    again = source.report(2.0)
    assert again is not None
    assert (again.fraction_lost, again.packets_lost) == (0, 1)


def test_receive_writes_the_time_of_sending_for_viewers() -> None:
    source = SourceStream(
        ssrc=1, codec="VP8", clock_rate=90_000, extension_ids={13: 2}, send_time_id=4
    )

    kept = receive(source, rtp(sequence=7, extensions={13: b"\x01"}), now=64.5)

    assert kept is not None
    assert kept.data[: kept.payload_start] == bytes(
        (0xBE, 0xDE, 0, 2, 0x42, 0x02, 0x00, 0x00, 0x20, 1, 0, 0)
    )


def test_receive_padding_goes_to_nobody_and_is_no_loss() -> None:
    source = stream()
    receive(source, rtp(sequence=7))

    assert receive(source, rtp(sequence=8, payload=b"", padding=50)) is None

    after = receive(source, rtp(sequence=9))
    assert after is not None
    assert after.sequence & 0xFFFF == 8
    report = source.report(1.0)
    assert report is not None
    assert report.packets_lost == 0


def test_clock_mark_there_and_back() -> None:
    mark = ClockMark(ntp=1_000 << 32, rtp_timestamp=2**32 - 100, arrived_at=0.0)

    captured = mark.time_of(44_900, 90_000)

    assert captured == (1_000 << 32) + (1 << 31)
    assert mark.timestamp_of(captured, 90_000) % 2**32 == 44_900
