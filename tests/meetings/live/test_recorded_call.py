"""A recorded call from the host's click to the stored file, through the real relay."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage

from meetings import relay_client
from meetings import room_protocol as rp
from meetings.models import Recording, RecordingTrack
from meetings.services import recording_files
from tests.media_relay.relay_process import SECRET, RelayProcess, eventually, running_relay
from tests.meetings.live.callers import Caller
from tests.meetings.live.conftest import LiveRoom, furnish

pytestmark = pytest.mark.process


@pytest.fixture
async def relay_process(settings: Any, tmp_path: Path) -> AsyncIterator[RelayProcess]:
    folder = {"recordings-dir": str(tmp_path / "relay"), "disk-reserve-mb": "0"}
    async with running_relay(**folder) as process:
        settings.RELAY_URLS, settings.RELAY_SECRET = [process.control], SECRET
        settings.RECORDING_PARTS = tmp_path / "parts"
        yield process
        await relay_client.get_client().aclose()


def played(track: RecordingTrack) -> float:
    """Seconds that PyAV decodes from the stored file."""
    with default_storage.open(track.file.name) as stream:
        content = io.BytesIO(stream.read())
    with av.open(content) as container:
        return max(float(frame.time) for frame in container.decode())


async def test_who_agreed_is_in_the_stored_files_and_nobody_else(
    transactional_db: None, relay_process: RelayProcess
) -> None:
    room = LiveRoom(*await sync_to_async(furnish)(recording_policy="optional"), pages=[])
    host, guest = Caller(await room.host_page(), 60), Caller(await room.guest_page(), 180)
    await host.call()
    await guest.call()
    try:
        assert guest.page.snapshot is not None
        await host.frames_from(guest.page.snapshot.me.seat, "camera", 5, 15)
        await host.page.send("start_recording")
        await eventually(lambda: is_growing(host), "the host is told that bytes are there")
        await host.page.send("stop_recording")
        await eventually(lambda: are_stored(relay_process), "both files are stored")
    finally:
        for caller in (host, guest):
            await caller.hang_up()
        for page in room.pages:
            await page.leave_socket()

    recording = await Recording.objects.aget()
    assert host.page.snapshot is not None
    tracks = [track async for track in RecordingTrack.objects.select_related("seat")]
    owners = {(str(track.seat.public_id), track.source) for track in tracks}
    assert owners == {(host.page.snapshot.me.seat, source) for source in ("microphone", "camera")}
    for track in tracks:
        assert track.started_at >= recording.starts_at
        assert await sync_to_async(played)(track) == pytest.approx(track.duration_s, abs=0.1)


async def is_growing(host: Caller) -> bool:
    told = [message for message in host.heard if isinstance(message, rp.RecordingStatus)]
    return any(status.size_bytes > 0 and status.tracks == 2 for status in told)


async def are_stored(relay: RelayProcess) -> bool:
    """What the worker does, from the sweep on."""
    for track_id in await sync_to_async(recording_files.note_finished)(url=relay.control):
        await sync_to_async(recording_files.fetch)(track_id=track_id)
    return await RecordingTrack.objects.filter(state="stored", is_at_relay=False).acount() == 2
