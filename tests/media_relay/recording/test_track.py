"""Packets of aiortc's encoders through a recorder into files that PyAV plays."""

import time
from pathlib import Path

import av
import pytest

from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.source import ClockMark, SourceStream
from media_relay.protocol import ClockPoint, RecordingGap
from media_relay.recording import disk as disk_module
from media_relay.recording.disk import DiskWriter
from media_relay.recording.journal import read_journal
from media_relay.recording.timeline import NTP_EPOCH_S
from media_relay.recording.track import TrackRecorder
from media_relay.stats import Stats
from tests.media_relay.recording.encoded import (
    CLOCK_RATES,
    RATE,
    SIZE,
    frame_times_s,
    new_stream,
    packets_of,
    record,
    recorder,
)


def path_of(track: TrackRecorder) -> Path:
    assert track.file is not None
    return track.file.path


@pytest.mark.parametrize(
    ("codec", "form", "suffix"),
    [
        ("VP8", "video/webm", ".webm"),
        ("VP9", "video/webm", ".webm"),
        ("AV1", "video/webm", ".webm"),
        ("H264", "video/x-matroska", ".mkv"),
    ],
)
def test_pictures_play_frame_by_frame(tmp_path: Path, codec: str, form: str, suffix: str) -> None:
    track = record(tmp_path, packets_of(codec, 75), codec)

    assert (track.entry.media_type, path_of(track).suffix) == (form, suffix)
    assert frame_times_s(path_of(track)) == [round(n / RATE, 3) for n in range(75)]
    with av.open(str(path_of(track))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == SIZE


def test_sound_plays_in_full(tmp_path: Path) -> None:
    track = record(tmp_path, packets_of("OPUS", 150), "OPUS")

    assert track.entry.media_type == "audio/webm"
    with av.open(str(path_of(track))) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples == 150 * 960


def test_packets_in_disorder_give_the_same_file_content(tmp_path: Path) -> None:
    packets = packets_of("VP8", 60)
    shuffled = packets[:1] + [
        packet for pair in zip(packets[2::2], packets[1::2], strict=False) for packet in pair
    ]

    track = record(tmp_path, shuffled)

    times = frame_times_s(path_of(track))
    assert times == [round(n / RATE, 3) for n in range(len(times))]
    assert len(times) >= 58


def test_lost_packet_costs_the_pictures_up_to_the_next_key_frame(tmp_path: Path) -> None:
    packets = packets_of("VP8", 90, key_every=45)

    track = record(tmp_path, packets[:10] + packets[11:])

    wanted = [*range(10), *range(45, 90)]
    assert frame_times_s(path_of(track)) == [round(n / RATE, 3) for n in wanted]
    assert track.entry.gaps == (RecordingGap(at_s=0.3, duration_s=1.2, cause="lost"),)


def test_pictures_begin_with_a_key_frame(tmp_path: Path) -> None:
    packets = packets_of("VP8", 60, key_every=20)

    track = record(tmp_path, packets[5:])

    assert len(frame_times_s(path_of(track))) == 40


def test_pause_of_the_same_stream_keeps_its_time(tmp_path: Path) -> None:
    packets, stream = packets_of("VP8", 120, key_every=60), new_stream()
    disk = DiskWriter(tmp_path, 0)
    track = recorder(tmp_path, disk)

    feed(track, stream, packets[:20])
    feed(track, stream, packets[60:])
    track.finish()
    disk.close()

    wanted = [*range(20), *range(60, 120)]
    assert frame_times_s(path_of(track)) == [round(n / RATE, 3) for n in wanted]
    assert [gap.cause for gap in track.entry.gaps] == ["source"]


def feed(
    track: TrackRecorder,
    stream: SourceStream,
    packets: list[StoredPacket],
    began_at: float = 0.0,
) -> None:
    track.switch(stream, packets[0], began_at)
    for packet in packets:
        now = began_at + packet.timestamp / CLOCK_RATES["VP8"]
        track.forward(packet, now)
        track.tick(now)


def test_other_stream_of_unknown_clock_needs_a_new_part(tmp_path: Path) -> None:
    disk = DiskWriter(tmp_path, 0)
    track = recorder(tmp_path, disk)

    feed(track, new_stream(), packets_of("VP8", 60))
    feed(track, new_stream(), packets_of("VP8", 30, offset=2**31), 2.0 - 2**31 / 90_000)
    track.finish()
    disk.close()

    assert track.needs_new_part
    assert len(frame_times_s(path_of(track))) == 60


def test_other_stream_before_the_first_cluster_takes_the_place_of_the_first(
    tmp_path: Path,
) -> None:
    """The small layer of a camera comes a moment before the large one."""
    small = new_stream()
    small.clock_mark = ClockMark((NTP_EPOCH_S + 1000) << 32, 0, 0.0)
    disk = DiskWriter(tmp_path, 0)
    track = recorder(tmp_path, disk)

    feed(track, small, packets_of("VP8", 15))
    feed(track, new_stream(), packets_of("VP8", 60, offset=2**31), 0.5 - 2**31 / 90_000)
    track.finish()
    disk.close()

    assert not track.needs_new_part
    assert frame_times_s(path_of(track)) == [round(n / RATE, 3) for n in range(60)]
    assert track.entry.started_at == pytest.approx(1_796_000_000.5)
    assert track.entry.clock == ()


def test_other_stream_of_known_clock_goes_on_in_its_place(tmp_path: Path) -> None:
    """A camera that changes its layer: other timestamps, the same wall clock."""
    small, large = new_stream(), new_stream()
    small.clock_mark = ClockMark((NTP_EPOCH_S + 1000) << 32, 0, 0.0)
    large.clock_mark = ClockMark((NTP_EPOCH_S + 1002) << 32, 2**31, 2.0)
    disk = DiskWriter(tmp_path, 0)
    track = recorder(tmp_path, disk)

    feed(track, small, packets_of("VP8", 30))
    feed(track, large, packets_of("VP8", 30, offset=2**31), 2.04 - 2**31 / 90_000)
    track.finish()
    disk.close()

    times = frame_times_s(path_of(track))
    assert times == [round(start + n / RATE, 3) for start in (0, 2) for n in range(30)]
    assert track.entry.clock == (
        ClockPoint(at_s=0.0, sender_s=1000.0, arrived_s=1_796_000_000.0),
        ClockPoint(at_s=2.0, sender_s=1002.0, arrived_s=1_796_000_002.0),
    )


def test_journal_is_there_before_the_file_and_follows_it(tmp_path: Path) -> None:
    stream = new_stream()
    stream.clock_mark = ClockMark((NTP_EPOCH_S + 1000) << 32, 0, 0.0)
    disk = DiskWriter(tmp_path, 0)
    track = recorder(tmp_path, disk)

    track.switch(stream, packets_of("VP8", 1)[0], 0.0)
    for packet in packets_of("VP8", 120):
        now = packet.timestamp / 90_000
        track.forward(packet, now)
        track.tick(now)
        time.sleep(0.001)
    disk.close()

    journal = read_journal(tmp_path / f"{track.entry.file}.json")
    assert journal == track.entry
    assert (journal.state, len(journal.clock)) == ("recording", 1)


def test_refused_clusters_are_a_gap_in_the_journal(tmp_path: Path) -> None:
    packets, stats = packets_of("VP8", 150, key_every=30), Stats()
    disk = DiskWriter(tmp_path, 0)
    track = recorder(tmp_path, disk, stats=stats)

    for packet in packets:
        now = packet.timestamp / 90_000
        disk.is_low = 1.5 < now < 3.5
        track.forward(packet, now)
        track.tick(now)
    track.finish()
    disk.close()

    times = frame_times_s(path_of(track))
    assert stats.recorded_bytes == path_of(track).stat().st_size
    assert stats.drops["disk"] > 30
    assert [gap.cause for gap in track.entry.gaps] == ["disk"]
    gap = track.entry.gaps[0]
    assert not [t for t in times if gap.at_s <= t < gap.at_s + gap.duration_s - 0.001]
    assert (min(times), max(times)) == (0.0, round(149 / RATE, 3))


def test_full_queue_refuses_what_comes_on_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "MAX_QUEUED_BYTES", 100)
    disk = DiskWriter(tmp_path, 0)
    file = disk_module.MediaFile(tmp_path / "a.webm")

    accepted = [disk.append(file, bytes(101)), disk.append(file, bytes(60))]
    disk.close()

    assert accepted == [False, True]
    assert (tmp_path / "a.webm").stat().st_size == 60
