"""Finished files on their way from a real relay into the storage, with everything that breaks."""

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.utils import timezone

from crm.services import leases
from media_relay import protocol
from media_relay.recording.journal import write_journal
from meetings.models import Recording, RecordingAnswer, RecordingTrack, Seat
from meetings.services import recording, recording_files
from tests.media_relay.recording.encoded import packets_of, record
from tests.media_relay.recording.recordings import recording_relay
from tests.media_relay.relay_process import SECRET, ControlClient, RelayProcess, eventually
from tests.meetings.live.rooms import make_guest, make_meeting

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]

note_finished = sync_to_async(recording_files.note_finished)
fetch = sync_to_async(recording_files.fetch)
due = sync_to_async(recording_files.due)


def make_recording() -> tuple[Recording, Seat]:
    seat = make_guest(make_meeting(recording_policy="optional"))
    recording = Recording.objects.create(
        meeting=seat.meeting,
        starts_at=timezone.now(),
        stopped_at=timezone.now(),
        delete_on=timezone.now().date() + timedelta(days=365),
        changed_sequence=1,
    )
    return recording, seat


def leave_file(folder: Path, recording: str, participant: str) -> Path:
    """A file that its relay was killed over; the next one closes it."""
    track = record(folder, packets_of("VP8", 90))
    entry = dataclasses.replace(track.entry, recording=recording, participant=participant)
    write_journal(folder, entry)
    assert track.file is not None
    return track.file.path


@pytest.fixture
async def waiting(
    tmp_path: Path, settings: Any, transactional_db: None
) -> AsyncIterator[tuple[RelayProcess, Path, RecordingTrack]]:
    """A relay with one finished file, and the row that waits to be fetched."""
    settings.RELAY_SECRET, settings.RECORDING_PARTS = SECRET, tmp_path / "parts"
    recording, seat = await sync_to_async(make_recording)()
    folder = tmp_path / "relay"
    folder.mkdir()
    path = leave_file(folder, str(recording.public_id), str(seat.public_id))
    async with recording_relay(folder) as (relay, _client):
        await eventually(lambda: is_noted(relay), "the file is found")
        yield relay, path, await RecordingTrack.objects.aget()


async def is_noted(relay: RelayProcess) -> bool:
    return bool(await note_finished(url=relay.control))


def stored_bytes(track: RecordingTrack) -> bytes:
    with default_storage.open(track.file.name) as stream:
        return bytes(stream.read())


async def again(track: RecordingTrack) -> RecordingTrack:
    await track.arefresh_from_db()
    return track


async def test_file_is_stored_with_its_checksum_and_then_deleted_at_the_relay(
    waiting: tuple[RelayProcess, Path, RecordingTrack],
) -> None:
    relay, path, track = waiting
    content = path.read_bytes()

    noted_twice = await note_finished(url=relay.control)
    states = [await fetch(track_id=track.pk) for _ in range(2)]

    track = await again(track)
    assert (noted_twice, states) == ([track.pk], ["stored", None])
    assert stored_bytes(track) == content
    assert (track.sha256, track.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (track.is_interrupted, track.is_at_relay) == (True, False)
    assert track.file.name == f"recordings/{track.public_id.hex}.webm"
    await eventually(lambda: is_gone(path), "the relay deletes its copy")
    assert await note_finished(url=relay.control) == []
    assert await due(now=timezone.now() + timedelta(days=1)) == []


async def is_gone(path: Path) -> bool:
    return not await asyncio.to_thread(path.exists)


async def test_broken_fetch_goes_on_where_it_was(
    waiting: tuple[RelayProcess, Path, RecordingTrack], settings: Any
) -> None:
    """What is there already is not read again: at the relay it is spoilt meanwhile."""
    _relay, path, track = waiting
    content = path.read_bytes()
    put_part(settings.RECORDING_PARTS, track, content[:1000])
    path.write_bytes(bytes(1000) + content[1000:])

    state = await fetch(track_id=track.pk)

    assert state == "stored"
    assert stored_bytes(await again(track)) == content


def put_part(folder: Path, track: RecordingTrack, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{track.public_id.hex}.part").write_bytes(content)


async def test_spoilt_part_is_noticed_and_read_again_from_the_beginning(
    waiting: tuple[RelayProcess, Path, RecordingTrack], settings: Any
) -> None:
    _relay, path, track = waiting
    put_part(settings.RECORDING_PARTS, track, bytes(1000))

    first = await fetch(track_id=track.pk)
    is_put_off = track.pk not in await due(now=timezone.now())
    second = await fetch(track_id=track.pk)

    assert (first, is_put_off, second) == ("waiting", True, "stored")
    assert path.name.endswith(".webm")
    assert not list(settings.RECORDING_PARTS.iterdir())


async def test_wrong_content_is_never_stored(
    waiting: tuple[RelayProcess, Path, RecordingTrack],
) -> None:
    _relay, path, track = waiting
    path.write_bytes(bytes(track.size_bytes))

    states = [await fetch(track_id=track.pk) for _ in range(5)]

    track = await again(track)
    assert states == ["waiting"] * 4 + ["damaged"]
    assert (track.file.name, track.is_at_relay) == ("", True)
    assert await due(now=timezone.now() + timedelta(days=1)) == []


async def test_relay_that_is_away_is_asked_again_later(
    waiting: tuple[RelayProcess, Path, RecordingTrack],
) -> None:
    relay, _path, track = waiting
    relay.process.kill()
    await asyncio.to_thread(relay.process.wait)

    state = await fetch(track_id=track.pk)

    track = await again(track)
    assert (state, track.attempts, track.lease_token) == ("waiting", 1, "")
    assert track.not_before is not None
    assert track.not_before > timezone.now()


async def test_row_of_another_worker_is_left_alone(
    waiting: tuple[RelayProcess, Path, RecordingTrack],
) -> None:
    _relay, _path, track = waiting
    token = await sync_to_async(leases.claim)(RecordingTrack, track.pk, duration_s=60)

    state = await fetch(track_id=track.pk)

    track = await again(track)
    assert (state, track.lease_token, track.state) == (None, token, "waiting")


async def test_file_of_a_recording_unknown_here_is_left_at_the_relay(
    tmp_path: Path, settings: Any, transactional_db: None
) -> None:
    settings.RELAY_SECRET = SECRET
    recording, seat = await sync_to_async(make_recording)()
    _other, stranger = await sync_to_async(make_recording)()
    paths = [
        leave_file(tmp_path, name, who)
        for name, who in (
            (str(uuid4()), str(seat.public_id)),
            ("no uuid", str(seat.public_id)),
            (str(recording.public_id), str(stranger.public_id)),
        )
    ]
    async with recording_relay(tmp_path) as (relay, client):
        await eventually(lambda: are_closed(client), "all files are closed")
        noted = await note_finished(url=relay.control)

    assert noted == []
    assert await RecordingTrack.objects.acount() == 0
    assert all(path.exists() for path in paths)


async def are_closed(client: ControlClient) -> bool:
    answer = await client.do(protocol.ListRecordings)
    assert isinstance(answer, protocol.RecordingFiles)
    return len(answer.files) == 3


async def test_files_are_deleted_on_their_day_and_the_row_stays(
    waiting: tuple[RelayProcess, Path, RecordingTrack],
) -> None:
    _relay, _path, track = waiting
    await fetch(track_id=track.pk)
    delete = sync_to_async(recording_files.delete_expired)
    now = timezone.now()

    early = await delete(today=now + timedelta(days=363))
    late = await delete(today=now + timedelta(days=366))

    name = f"recordings/{track.public_id.hex}.webm"
    track = await again(track)
    assert (early, late, track.state) == (0, 1, "deleted")
    assert not default_storage.exists(name)
    assert track.sha256 != ""


async def test_erased_person_is_neither_in_the_storage_nor_at_the_relay(
    waiting: tuple[RelayProcess, Path, RecordingTrack],
) -> None:
    _relay, path, track = waiting
    await fetch(track_id=track.pk)
    name = (await again(track)).file.name

    deleted = await sync_to_async(recording_files.delete_files)(RecordingTrack.objects.all())

    assert (deleted, (await again(track)).state) == (1, "deleted")
    assert not default_storage.exists(name)
    await eventually(lambda: is_gone(path), "the relay deletes its copy")


async def test_file_that_is_deleted_before_it_was_fetched_goes_from_the_relay(
    waiting: tuple[RelayProcess, Path, RecordingTrack],
) -> None:
    _relay, path, track = waiting

    await sync_to_async(recording_files.delete_files)(RecordingTrack.objects.all())
    still_due = await due(now=timezone.now())
    state = await fetch(track_id=track.pk)

    assert (still_due, state) == ([track.pk], "deleted")
    await eventually(lambda: is_gone(path), "the relay deletes its copy")
    assert not default_storage.exists(f"recordings/{track.public_id.hex}.webm")


async def test_file_that_ran_on_after_a_no_is_never_fetched_and_goes_from_the_relay(
    tmp_path: Path, settings: Any, transactional_db: None
) -> None:
    """The relay could not be told; the other person's file is kept."""
    settings.RELAY_SECRET, settings.RECORDING_PARTS = SECRET, tmp_path / "parts"
    row, refusing = await sync_to_async(make_recording)()
    staying = await sync_to_async(make_guest)(refusing.meeting, "Steffi Stays")
    await sync_to_async(recording.answer)(seat=refusing, is_agreeing=False)
    await RecordingAnswer.objects.aupdate(said_at=datetime(2020, 1, 1, tzinfo=UTC))
    folder = tmp_path / "relay"
    folder.mkdir()
    refused_path, _kept_path = [
        leave_file(folder, str(row.public_id), str(each.public_id)) for each in (refusing, staying)
    ]

    async with recording_relay(folder) as (relay, _client):
        await eventually(lambda: are_noted(relay, 2), "both files are found")
        refused = await RecordingTrack.objects.aget(seat=refusing)
        kept = await RecordingTrack.objects.aget(seat=staying)
        before = [(track.state, track.is_refused) for track in (refused, kept)]
        states = [await fetch(track_id=track.pk) for track in (refused, kept)]
        await eventually(lambda: is_gone(refused_path), "the relay deletes the refused file")

    assert before == [("deleted", True), ("waiting", False)]
    assert states == ["deleted", "stored"]
    assert default_storage.exists(f"recordings/{kept.public_id.hex}.webm")
    assert not default_storage.exists(f"recordings/{refused.public_id.hex}.webm")


async def are_noted(relay: RelayProcess, count: int) -> bool:
    return len(await note_finished(url=relay.control)) == count


async def test_file_that_is_deleted_on_its_way_does_not_come_back(
    waiting: tuple[RelayProcess, Path, RecordingTrack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is erased between the last byte and the row."""
    _relay, _path, track = waiting
    save = default_storage.save

    def save_late(name: str, content: Any) -> str:
        saved = save(name, content)
        RecordingTrack.objects.update(state="deleted")
        return saved

    monkeypatch.setattr(default_storage, "save", save_late)

    state = await fetch(track_id=track.pk)

    assert state == "deleted"
    assert not default_storage.exists(f"recordings/{track.public_id.hex}.webm")
