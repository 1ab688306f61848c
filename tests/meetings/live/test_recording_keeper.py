"""What a web process owes to relays: each recording is stopped once, none holds up another."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from media_relay.protocol import StopRecording
from meetings import room_protocol as rp
from meetings import socket_watch
from meetings.models import Meeting, Recording
from meetings.services import recording
from tests.fake_relay import FakeRelay
from tests.meetings.live.conftest import LiveRoom, MakeRoom
from tests.meetings.live.rooms import make_meeting

LIMIT_S = 6.0
SOME_TICKS_S = 0.6
"""Of a watch that looks every tenth of a second."""


@pytest.fixture(autouse=True)
def _short_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "NOTICE", timedelta(seconds=0.2))


@pytest.fixture
async def room(make_room: MakeRoom) -> LiveRoom:
    return await make_room(recording_policy="optional")


@pytest.fixture
async def recorded(room: LiveRoom, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Recording]:
    """A room that somebody is in, and its recording, which no relay has been told of yet. The watch
    sleeps: the keeper of the test is the only one that keeps it."""
    monkeypatch.setattr(socket_watch, "TICK_S", 3600)
    await room.guest_page()
    return str(room.meeting.public_id), await sync_to_async(make_recording)(room.meeting)


def make_recording(meeting: Meeting) -> Recording:
    return Recording.objects.create(
        meeting=meeting,
        starts_at=timezone.now(),
        delete_on=timezone.now().date() + timedelta(days=365),
        changed_sequence=1,
    )


def make_recorded_meeting() -> str:
    meeting = make_meeting(recording_policy="optional")
    make_recording(meeting)
    return str(meeting.public_id)


async def end(row: Recording) -> None:
    await Recording.objects.filter(pk=row.pk).aupdate(stopped_at=timezone.now())


def stopped(relay: FakeRelay) -> list[str]:
    return [request.recording for request in relay.asked(StopRecording)]


# --- refusals -----------------------------------------------------------------------------------


async def test_relay_without_a_folder_is_asked_once_to_stop_what_it_never_began(
    room: LiveRoom, relay: FakeRelay, fast_watch: None
) -> None:
    relay.refusals = {"start_recording": "recording_off", "stop_recording": "recording_off"}
    host = await room.host_page()

    await host.ask("start_recording")
    error = await host.hear(rp.Error, LIMIT_S)
    await relay.until(lambda: stopped(relay), LIMIT_S)
    await asyncio.sleep(SOME_TICKS_S)

    row = await Recording.objects.aget()
    assert (error.code, row.trouble) == ("recording_off", "recording_off")
    assert stopped(relay) == [str(row.public_id)]


async def test_host_who_stops_what_a_relay_without_a_folder_never_recorded_reads_no_error(
    make_room: MakeRoom, relay: FakeRelay, fast_watch: None
) -> None:
    relay.refusals = {"start_recording": "recording_off", "stop_recording": "recording_off"}
    room = await make_room(recording_policy="always")
    host = await room.host_page()
    await host.hear(rp.RecordingStatus, LIMIT_S)

    answer = await host.ask("stop_recording")

    assert isinstance(answer, rp.Ok)
    assert (await Recording.objects.aget()).stopped_at is not None


async def test_relay_that_refuses_to_stop_an_old_recording_begins_the_new_one(
    room: LiveRoom, relay: FakeRelay, fast_watch: None
) -> None:
    key = str(room.meeting.public_id)
    host = await room.host_page()
    await host.ask("start_recording")
    await relay.until(lambda: relay.recordings, LIMIT_S)
    old = relay.recordings[key].recording
    relay.refusals["stop_recording"] = "internal"
    await host.ask("stop_recording")

    await host.ask("start_recording")
    new = str((await Recording.objects.aget(stopped_at=None)).public_id)
    await relay.until(lambda: relay.recordings[key].recording == new, LIMIT_S)
    asked = len(stopped(relay))
    await relay.until(lambda: len(stopped(relay)) > asked, LIMIT_S)

    assert set(stopped(relay)) == {old}
    assert await Recording.objects.filter(public_id=new, stopped_at=None).aexists()
