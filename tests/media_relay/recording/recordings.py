"""What tests of recordings share: a relay that records, fetching, and placing files in time."""

import asyncio
import contextlib
import hashlib
import http.client
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from media_relay import protocol
from tests.media_relay.peers import ROOM
from tests.media_relay.recording.beep_flash import beep_times_s, flash_times_s
from tests.media_relay.relay_process import (
    SECRET,
    ControlClient,
    RelayProcess,
    control_client,
    eventually,
    running_relay,
)

RECORDING = "recording-1"
PIECE_BYTES = 100_000


@contextlib.asynccontextmanager
async def recording_relay(
    folder: Path, **options: str
) -> AsyncIterator[tuple[RelayProcess, ControlClient]]:
    """A relay that records below `folder`, with the room open."""
    chosen = {"recordings-dir": str(folder), "disk-reserve-mb": "0", **options}
    async with running_relay(**chosen) as relay, control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        yield relay, client


async def start(
    client: ControlClient, revision: int = 1, **tracks: tuple[protocol.Source, ...]
) -> None:
    await client.do(
        protocol.StartRecording,
        room=ROOM,
        recording=RECORDING,
        revision=revision,
        tracks=tracks,
    )


async def stop(client: ControlClient) -> None:
    await client.do(protocol.StopRecording, room=ROOM, recording=RECORDING)


async def file_of(
    client: ControlClient, participant: str, source: protocol.Source, ended: str = ""
) -> protocol.RecordedFile:
    """The finished file of a track, as its event names it."""
    event = await client.wait_for(
        protocol.RecordingFileReady,
        lambda ready: (
            (ready.file.participant, ready.file.source) == (participant, source)
            and ended in {"", ready.file.ended}
        ),
    )
    return event.file


async def listed_file(
    client: ControlClient, participant: str, source: protocol.Source
) -> protocol.RecordedFile:
    """The same for who comes later, when the event may be over."""
    found: list[protocol.RecordedFile] = []

    async def is_listed() -> bool:
        answer = await client.do(protocol.ListRecordings)
        assert isinstance(answer, protocol.RecordingFiles)
        found[:] = [
            file
            for file in answer.files
            if (file.participant, file.source) == (participant, source)
        ]
        return bool(found)

    await eventually(is_listed, f"the {source} of {participant} in the list of files")
    return found[0]


async def bytes_grow(client: ControlClient, past: int = 0) -> int:
    """Wait until more than so many bytes of the recording are on the disk."""
    event = await client.wait_for(protocol.RecordingState, lambda state: state.bytes > past)
    return event.bytes


def ask(
    relay: RelayProcess, path: str, span: str | None = None, secret: str = SECRET
) -> tuple[int, dict[str, str], bytes]:
    """One GET at the door."""
    parts = urlsplit(relay.health)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        headers = {"Authorization": f"Bearer {secret}"}
        if span is not None:
            headers["Range"] = f"bytes={span}"
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


async def fetch(relay: RelayProcess, entry: protocol.RecordedFile, folder: Path) -> Path:
    """The file, piece by piece; its checksum must be the one that was announced."""
    path = folder / f"fetched-{entry.file}"
    with path.open("wb") as stream:
        while stream.tell() < entry.bytes:
            span = f"{stream.tell()}-{stream.tell() + PIECE_BYTES - 1}"
            status, _, piece = await asyncio.to_thread(
                ask, relay, f"/recordings/{entry.file}", span
            )
            assert status == 206
            stream.write(piece)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
    return path


def differences_s(
    sound: protocol.RecordedFile, sound_path: Path, picture: protocol.RecordedFile, path: Path
) -> list[float]:
    """For each flash, how far the next beep is from it on the sender's clock."""
    beeps = [_sender_time(sound, at_s) for at_s in beep_times_s(sound_path)]
    flashes = [_sender_time(picture, at_s) for at_s in flash_times_s(path)]
    return [min((beep - flash for beep in beeps), key=abs) for flash in flashes]


def _sender_time(entry: protocol.RecordedFile, at_s: float) -> float:
    """By the line through the first and the last sender report."""
    first, last = entry.clock[0], entry.clock[-1]
    pace = 1.0
    if last.at_s - first.at_s > 60:
        pace = (last.sender_s - first.sender_s) / (last.at_s - first.at_s)
    return first.sender_s + (at_s - first.at_s) * pace
