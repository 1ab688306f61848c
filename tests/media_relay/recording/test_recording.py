"""Recording in a real relay process, fed by aiortc peers."""

import asyncio
import time
from pathlib import Path

import av
import pytest

from media_relay import protocol
from tests.media_relay.peers import ROOM, Peer
from tests.media_relay.recording.beep_flash import clip
from tests.media_relay.recording.recordings import (
    RECORDING,
    ask,
    bytes_grow,
    differences_s,
    fetch,
    file_of,
    listed_file,
    recording_relay,
    start,
    stop,
)
from tests.media_relay.relay_process import ControlClient, control_client, running_relay

pytestmark = pytest.mark.process


async def publishing(client: ControlClient, name: str) -> Peer:
    """A participant who sends beeps and flashes."""
    peer = Peer(name, client)
    await peer.join()
    sound, picture = clip()
    await peer.publish(microphone=sound, camera=picture)
    await client.wait_for(
        protocol.ConnectionStateChanged,
        lambda event: (event.participant, event.state) == (name, "connected"),
    )
    return peer


def files_in(folder: Path, form: str = "*.webm") -> list[Path]:
    return sorted(folder.glob(form))


def duration_s(path: Path) -> float:
    with av.open(str(path)) as container:
        assert container.duration is not None
        return container.duration / 1_000_000


async def test_recorded_files_play_with_sound_and_picture_together(tmp_path: Path) -> None:
    async with recording_relay(tmp_path) as (relay, client):
        ann = await publishing(client, "ann")
        try:
            await start(client, ann=("microphone", "camera"))
            await asyncio.sleep(4)
            await stop(client)
        finally:
            await ann.close()
        sound, picture = [await file_of(client, "ann", s) for s in ("microphone", "camera")]
        sound_path, picture_path = [await fetch(relay, e, tmp_path) for e in (sound, picture)]

    assert (sound.media_type, picture.media_type) == ("audio/webm", "video/webm")
    assert (sound.state, sound.ended, picture.gaps) == ("complete", "stopped", ())
    for entry, path in ((sound, sound_path), (picture, picture_path)):
        assert entry.duration_s == pytest.approx(duration_s(path), abs=0.01)
        assert 2.5 <= entry.duration_s <= 4.5
    apart = differences_s(sound, sound_path, picture, picture_path)
    assert len(apart) >= 2
    assert max(abs(value) for value in apart) < 0.080


@pytest.mark.long
async def test_ten_minutes_stay_together(tmp_path: Path) -> None:
    async with recording_relay(tmp_path) as (relay, client):
        ann = await publishing(client, "ann")
        try:
            await start(client, ann=("microphone", "camera"))
            await asyncio.sleep(600)
            await stop(client)
        finally:
            await ann.close()
        sound, picture = [await file_of(client, "ann", s) for s in ("microphone", "camera")]
        sound_path, path = [await fetch(relay, e, tmp_path) for e in (sound, picture)]

    apart = differences_s(sound, sound_path, picture, path)
    assert len(apart) >= 595
    assert max(abs(value) for value in apart) < 0.080


async def test_killed_relay_leaves_files_that_play_up_to_two_seconds_before(
    tmp_path: Path,
) -> None:
    async with recording_relay(tmp_path) as (relay, client):
        ann = await publishing(client, "ann")
        try:
            await start(client, ann=("microphone", "camera"))
            await asyncio.sleep(4)
            relay.process.kill()
            killed_at = time.time()
            await asyncio.to_thread(relay.process.wait)
        finally:
            await ann.close()

    left = files_in(tmp_path)
    assert len(left) == 2
    ends = {path.stem: last_frame_s(path) for path in left}
    async with recording_relay(tmp_path) as (relay, client):
        found = [await listed_file(client, "ann", s) for s in ("microphone", "camera")]
        for entry in found:
            await fetch(relay, entry, tmp_path)

    for entry in found:
        assert (entry.state, entry.ended) == ("interrupted", "killed")
        assert killed_at - (entry.started_at + ends[entry.file]) < 2.0
        assert entry.duration_s == pytest.approx(ends[entry.file], abs=0.1)
    assert found[1].clock != ()


def last_frame_s(path: Path) -> float:
    with av.open(str(path)) as container:
        return max(float(frame.time) for frame in container.decode())


async def test_only_those_who_agreed_are_in_a_file(tmp_path: Path) -> None:
    async with recording_relay(tmp_path) as (_, client):
        ann, ben = await publishing(client, "ann"), await publishing(client, "ben")
        try:
            await start(client, ann=("microphone",))
            await bytes_grow(client)
            await stop(client)
            await file_of(client, "ann", "microphone")
        finally:
            await ann.close()
            await ben.close()

    owners = [(e.file.participant, e.file.source) for e in finished(client)]
    assert owners == [("ann", "microphone")]
    assert len(files_in(tmp_path)) == 1


def finished(client: ControlClient) -> list[protocol.RecordingFileReady]:
    return [event for event in client.events if isinstance(event, protocol.RecordingFileReady)]


async def test_withdrawal_ends_the_file_and_a_new_choice_begins_another(tmp_path: Path) -> None:
    async with recording_relay(tmp_path) as (_, client):
        ann = await publishing(client, "ann")
        try:
            await start(client, ann=("microphone",))
            grown = await bytes_grow(client)
            await start(client, revision=3)
            await start(client, revision=2, ann=("microphone",))
            withdrawn = await file_of(client, "ann", "microphone", ended="withdrawn")
            await asyncio.sleep(0.5)
            size_after = (tmp_path / f"{withdrawn.file}.webm").stat().st_size
            await start(client, revision=4, ann=("microphone",))
            await bytes_grow(client, past=max(grown, withdrawn.bytes))
            await stop(client)
            second = await file_of(client, "ann", "microphone", ended="stopped")
        finally:
            await ann.close()

    assert size_after == withdrawn.bytes
    assert second.file != withdrawn.file
    assert second.started_at > withdrawn.started_at + withdrawn.duration_s


async def test_muted_stretch_is_a_gap_and_time_goes_on(tmp_path: Path) -> None:
    mute = {"room": ROOM, "participant": "ann", "source": "camera"}
    async with recording_relay(tmp_path) as (relay, client):
        ann = await publishing(client, "ann")
        try:
            await start(client, ann=("microphone", "camera"))
            await bytes_grow(client)
            await client.do(protocol.PausePublication, **mute, paused=True)
            await asyncio.sleep(1.5)
            await client.do(protocol.PausePublication, **mute, paused=False)
            await asyncio.sleep(2)
            await stop(client)
        finally:
            await ann.close()
        sound, picture = [await file_of(client, "ann", s) for s in ("microphone", "camera")]
        sound_path, path = [await fetch(relay, e, tmp_path) for e in (sound, picture)]

    assert [gap.cause for gap in picture.gaps] == ["source"]
    assert picture.gaps[0].duration_s == pytest.approx(1.6, abs=0.6)
    apart = differences_s(sound, sound_path, picture, path)
    assert max(abs(value) for value in apart) < 0.080


async def test_publisher_who_comes_back_goes_on_in_another_file(tmp_path: Path) -> None:
    """A page that was reloaded: another connection, another clock."""
    async with recording_relay(tmp_path) as (relay, client):
        ann = await publishing(client, "ann")
        await start(client, ann=("microphone", "camera"))
        grown = await bytes_grow(client)
        again = Peer("ann", client)
        sound, picture = clip()
        await again.publish(microphone=sound, camera=picture)
        try:
            await bytes_grow(client, past=2 * grown)
            await stop(client)
            ends = [
                (await file_of(client, "ann", source, ended=ended)).duration_s
                for source in ("microphone", "camera")
                for ended in ("new_part", "stopped")
            ]
        finally:
            await ann.close()
            await again.close()
        for entry in finished(client):
            await fetch(relay, entry.file, tmp_path)

    assert min(ends) > 0.5


async def test_disk_below_its_reserve_takes_no_recording(tmp_path: Path) -> None:
    reserve = str(10**9)  # a thousand terabytes
    async with recording_relay(tmp_path, **{"disk-reserve-mb": reserve}) as (_, client):
        answer = await client.ask(
            protocol.StartRecording, room=ROOM, recording=RECORDING, revision=1, tracks={}
        )

    assert isinstance(answer, protocol.Error)
    assert answer.code == "disk_low"


async def test_door_serves_finished_files_by_name_to_the_bearer_of_the_secret_only(
    tmp_path: Path,
) -> None:
    (tmp_path / "secret.webm").write_bytes(b"not a recording")
    async with recording_relay(tmp_path) as (relay, client):
        ann = await publishing(client, "ann")
        try:
            await start(client, ann=("microphone",))
            await bytes_grow(client)
            growing = files_in(tmp_path, "*.json")[0].stem
            assert ask(relay, f"/recordings/{growing}", "0-9")[0] == 404
            await stop(client)
        finally:
            await ann.close()
        entry = await file_of(client, "ann", "microphone")
        path = f"/recordings/{entry.file}"
        content = (tmp_path / f"{entry.file}.webm").read_bytes()

        assert ask(relay, path, "0-9", secret="a wrong one")[0] == 401
        status, headers, piece = ask(relay, path, "10-")
        assert (status, piece) == (206, content[10:])
        assert headers["Content-Range"] == f"bytes 10-{entry.bytes - 1}/{entry.bytes}"
        assert headers["ETag"] == f'"{entry.sha256}"'
        for wrong in (None, "5-4", f"{entry.bytes}-", "0-1,4-5", "-5", "a-b"):
            assert ask(relay, path, wrong)[0] == 416, wrong
        for stranger in ("secret", "../secret", "..%2fsecret", f"{entry.file}.json", "", "."):
            assert ask(relay, f"/recordings/{stranger}", "0-9")[0] == 404, stranger

        listed = await client.do(protocol.ListRecordings)
        for _ in range(2):
            await client.do(protocol.DeleteRecording, file=entry.file)
        assert listed == protocol.RecordingFiles(
            id=listed.id,
            files=(entry,),
            has_more=False,  # type: ignore[attr-defined]
        )
        assert ask(relay, path, "0-9")[0] == 404

    assert [entry.name for entry in files_in(tmp_path, "*")] == ["secret.webm"]


async def test_relay_without_a_folder_does_not_record() -> None:
    async with running_relay() as relay, control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        answer = await client.ask(
            protocol.StartRecording, room=ROOM, recording=RECORDING, revision=1, tracks={}
        )
        status = ask(relay, f"/recordings/{'0' * 32}", "0-9")[0]

    assert isinstance(answer, protocol.Error)
    assert (answer.code, status) == ("recording_off", 404)


async def test_room_is_recorded_once_at_a_time(tmp_path: Path) -> None:
    async with recording_relay(tmp_path) as (_, client):
        for _ in range(2):
            await start(client)
        other = {"room": ROOM, "recording": "recording-2"}
        refused = await client.ask(protocol.StartRecording, **other, revision=1, tracks={})
        for _ in range(2):
            await stop(client)
        await client.do(protocol.StartRecording, **other, revision=1, tracks={})

    assert isinstance(refused, protocol.Error)
    assert refused.code == "cannot_record"


async def test_recording_that_was_stopped_never_begins_again(tmp_path: Path) -> None:
    """Not even one whose start is overtaken by its stop."""
    async with recording_relay(tmp_path) as (_, client):
        running = {"room": ROOM, "recording": "recording-1"}
        overtaken = {"room": ROOM, "recording": "recording-2"}
        await client.do(protocol.StartRecording, **running, revision=1, tracks={})
        await client.do(protocol.StopRecording, **overtaken)
        await client.do(protocol.StartRecording, **running, revision=2, tracks={})
        await client.do(protocol.StopRecording, **running)
        late = [
            await client.ask(protocol.StartRecording, **names, revision=3, tracks={})
            for names in (running, overtaken)
        ]

    codes = [answer.code for answer in late if isinstance(answer, protocol.Error)]
    assert codes == ["cannot_record", "cannot_record"]
