"""What is told about a recording as time passes, and what a start finds in the folder."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from media_relay.events import EventBus
from media_relay.protocol import Event, RecordedFile, RecordingState, decode
from media_relay.publication import Publication
from media_relay.recording.archive import Archive
from media_relay.recording.disk import DiskWriter
from media_relay.recording.journal import journal_path, write_journal
from media_relay.recording.recorder import Recording
from media_relay.recording.track import Desk
from media_relay.sdp.codecs import VP8
from media_relay.stats import Stats
from tests.media_relay.recording.encoded import DRAFT, packets_of, record

FILE = "9f86d081884c7d659a2feaa0c55ad015"


@dataclass(eq=False)
class Heard:
    """A control connection that keeps what it is told."""

    events: list[Event] = field(default_factory=list)

    def post(self, text: str) -> None:
        message = decode(text)
        assert isinstance(message, Event)
        self.events.append(message)

    @property
    def states(self) -> list[tuple[str, str]]:
        told = [event for event in self.events if isinstance(event, RecordingState)]
        return [(event.state, event.reason) for event in told]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[DiskWriter]:
    writer = DiskWriter(tmp_path, 0)
    yield writer
    writer.close()


@pytest.fixture
def recording(tmp_path: Path, disk: DiskWriter, heard: Heard) -> Iterator[Recording]:
    bus = EventBus(Stats())
    bus.open(heard)
    archive = Archive(tmp_path, lambda entry: None)
    desk = Desk(tmp_path, disk, lambda now: now, Stats())
    yield Recording(name="n", room="r", desk=desk, archive=archive, bus=bus, now=100.0)
    archive.stop()


def camera(participant: str) -> Publication:
    return Publication(participant=participant, source="camera", codec=VP8, stats=Stats())


def test_bytes_that_do_not_grow_for_ten_seconds_are_told(
    recording: Recording, heard: Heard
) -> None:
    for now in (100.0, 101.0, 105.0, 109.9, 112.0):
        recording.tick(now)
    recording.stop(113.0)

    assert heard.states == [
        ("recording", ""),
        ("recording", ""),
        ("recording", ""),
        ("stalled", "no_media"),
        ("stopped", ""),
    ]


def test_disk_that_falls_below_the_reserve_is_told_and_told_to_be_well_again(
    recording: Recording, heard: Heard, disk: DiskWriter
) -> None:
    disk.is_low = True
    recording.tick(100.0)
    disk.is_low = False
    recording.tick(103.0)

    assert heard.states == [("disk_low", "disk"), ("recording", "")]


def test_disk_watches_its_own_reserve(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize

    writers = [DiskWriter(tmp_path, free // 2), DiskWriter(tmp_path, free * 2)]
    for writer in writers:
        writer.close()

    assert [writer.is_low for writer in writers] == [False, True]


def test_only_chosen_sources_get_a_recorder(recording: Recording, heard: Heard) -> None:
    ann, ben, cleo = camera("ann"), camera("ben"), camera("cleo")

    recording.choose({"ann": ("camera",), "ben": ("microphone",)}, 1, (ann, ben), 100.0)
    recording.publication_started(cleo, 100.0)
    recording.tick(100.0)

    assert heard.events[-1] == replace(heard.events[-1], tracks=1)  # type: ignore[call-arg]


# --- the archive ---


def found_by_a_start(folder: Path) -> list[RecordedFile]:
    entries: list[RecordedFile] = []
    archive = Archive(folder, entries.append)
    archive.recover()
    archive.stop()
    return entries


def leave_open(folder: Path) -> RecordedFile:
    """A file whose relay was killed."""
    track = record(folder, packets_of("VP8", 60))
    write_journal(folder, track.entry)
    return track.entry


def test_start_closes_what_was_left_open_and_the_next_start_finds_it_closed(
    tmp_path: Path,
) -> None:
    left = leave_open(tmp_path)

    first, second = found_by_a_start(tmp_path), found_by_a_start(tmp_path)

    assert first == second
    assert [(e.file, e.state, e.ended) for e in first] == [(left.file, "interrupted", "killed")]
    assert first[0].bytes == (tmp_path / f"{left.file}.webm").stat().st_size


def test_start_leaves_the_files_of_another_living_relay_alone(tmp_path: Path) -> None:
    left = leave_open(tmp_path)
    before = (tmp_path / f"{left.file}.webm").read_bytes()
    with (tmp_path / f"{left.file}.webm").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = found_by_a_start(tmp_path)

    assert found == []
    assert (tmp_path / f"{left.file}.webm").read_bytes() == before


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.mark.parametrize(("age_s", "is_left"), [(1.0, True), (600.0, False)])
def test_journal_without_a_file_is_cleared_away_once_it_is_old(
    tmp_path: Path, age_s: float, is_left: bool
) -> None:
    write_journal(tmp_path, replace(DRAFT, file=FILE, media_type="video/webm"))
    age(journal_path(tmp_path, FILE), age_s)

    found = found_by_a_start(tmp_path)

    assert found == []
    assert journal_path(tmp_path, FILE).exists() is is_left


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(b"x" * 5000), id="nonsense"),
    ],
)
def test_file_with_nothing_to_play_goes_away_with_its_journal(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    left = leave_open(tmp_path)
    damage(tmp_path / f"{left.file}.webm")

    found = found_by_a_start(tmp_path)

    assert found == []
    assert list(tmp_path.iterdir()) == []


def test_damaged_journal_keeps_its_file(tmp_path: Path) -> None:
    left = leave_open(tmp_path)
    journal_path(tmp_path, left.file).write_text("{")

    found = found_by_a_start(tmp_path)

    assert found == []
    assert (tmp_path / f"{left.file}.webm").exists()
