"""What a web process owes to relays: each recording is stopped once, none holds up another."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.utils import timezone

from media_relay import protocol
from media_relay.protocol import StartRecording, StopRecording
from meetings import room_protocol as rp
from meetings import socket_watch
from meetings.models import Meeting, PresenceInterval, Recording
from meetings.recording_keeper import RecordingKeeper
from meetings.relay_client import RelayUnavailable, link, requests
from meetings.selectors.room import SeatFacts
from meetings.services import presence, recording
from tests.fake_relay import FakeRelay
from tests.media_relay.relay_process import eventually
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


# --- many rooms ---------------------------------------------------------------------------------


async def test_relay_that_is_silent_about_one_room_is_asked_about_the_others_meanwhile(
    recorded: tuple[str, Recording], relay: FakeRelay
) -> None:
    rooms = {recorded[0]} | {await sync_to_async(make_recorded_meeting)() for _ in range(2)}
    relay.is_silent = True

    asking = asyncio.create_task(RecordingKeeper().sync(rooms))
    await relay.until(lambda: len(relay.asked(StartRecording)) == 3, requests.REQUEST_LIMIT_S / 2)
    relay.is_silent = False
    asking.cancel()

    assert {request.room for request in relay.asked(StartRecording)} == rooms


async def test_relay_that_is_away_is_written_to_the_log_once_and_only_where_it_should_record(
    recorded: tuple[str, Recording],
    relay: FakeRelay,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(link, "LINK_WAIT_S", 0.1)
    key, row = recorded
    keeper = RecordingKeeper()
    await relay.stop()

    for _ in range(3):
        await keeper.tick({key})
    await end(row)
    with pytest.raises(RelayUnavailable):
        await keeper.stop(key, str(row.public_id))
    for _ in range(3):
        await keeper.tick({key})

    waits = [line for line in caplog.messages if "its recording waits" in line]
    assert waits == [f"The relay of room {key} is away; its recording waits"]


# --- rooms that everybody left ------------------------------------------------------------------


async def test_stop_owed_to_a_room_that_everybody_left_is_made_up_for_once(
    recorded: tuple[str, Recording], relay: FakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "REQUEST_LIMIT_S", 0.3)
    key, row = recorded
    keeper = RecordingKeeper()
    await keeper.tick({key})
    await end(row)
    relay.lost = {"stop_recording"}
    with pytest.raises(RelayUnavailable):
        await keeper.stop(key, str(row.public_id))

    await keeper.tick(set())
    while_lost = stopped(relay)
    relay.lost = set()
    for _ in range(3):
        await keeper.tick(set())

    assert (while_lost, stopped(relay)) == ([], [str(row.public_id)])


async def test_recording_that_ends_after_everybody_left_is_stopped_then(
    recorded: tuple[str, Recording], relay: FakeRelay
) -> None:
    key, row = recorded
    keeper = RecordingKeeper()
    await keeper.tick({key})

    await keeper.tick(set())
    while_running = stopped(relay)
    await end(row)
    await keeper.tick(set())

    assert (while_running, stopped(relay)) == ([], [str(row.public_id)])


async def test_plan_of_a_room_that_everybody_left_is_not_kept(
    recorded: tuple[str, Recording], relay: FakeRelay
) -> None:
    """Who comes back finds the relay told anew, not taken for told."""
    key, _row = recorded
    keeper = RecordingKeeper()
    await keeper.tick({key})
    await keeper.tick({key})
    while_here = len(relay.asked(StartRecording))

    await keeper.tick(set())
    await keeper.tick({key})

    assert (while_here, len(relay.asked(StartRecording))) == (1, 2)


async def test_answer_of_one_room_forgets_nothing_of_the_others(
    make_room: MakeRoom, relay: FakeRelay
) -> None:
    """Only the watch knows all rooms that people of this process are in."""
    room, other = [await make_room(recording_policy="optional") for _ in range(2)]
    host, guest = await room.host_page(), await other.guest_page()
    await host.ask("start_recording")
    told = [(await host.hear(rp.RecordingChanged, LIMIT_S)).recording.state for _ in range(2)]

    await guest.ask("answer_recording", agrees=True)
    await host.ask("answer_recording", agrees=True)

    assert told == ["announced", "running"]
    assert len(relay.asked(StartRecording)) == 1


# --- strangers ----------------------------------------------------------------------------------


async def test_recording_under_a_name_that_is_none_of_ours_is_left_alone(
    recorded: tuple[str, Recording], relay: FakeRelay
) -> None:
    key, row = recorded
    keeper = RecordingKeeper()
    keeper.hear(
        protocol.RecordingState(
            seq=1, room=key, recording="x", state="recording", reason="", bytes=1, tracks=1
        )
    )

    await keeper.tick({key})

    assert stopped(relay) == []
    assert relay.recordings[key].recording == str(row.public_id)


class OddSocket:
    """A socket that no check of the watch can cope with."""

    seat_pk, connection, room_id = 0, "odd", "no room of ours"

    async def is_signed_in(self) -> bool:
        return True

    async def check(self, facts: SeatFacts | None, *, is_signed_in: bool) -> None:
        """Nothing is withdrawn."""


@pytest.fixture
async def odd_socket() -> AsyncIterator[OddSocket]:
    socket = OddSocket()
    socket_watch.get_watch().add(socket)
    yield socket
    socket_watch.get_watch().discard(socket)


async def test_duty_of_the_watch_that_fails_each_time_keeps_no_other_from_being_done(
    room: LiveRoom, fast_watch: None, odd_socket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recordings cannot be kept for a room without an id; rights and signs of life go on."""
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.1)
    host = await room.host_page()
    long_ago = timezone.now() - timedelta(seconds=35)
    await PresenceInterval.objects.aupdate(seen_at=long_ago, joined_at=long_ago)

    async def is_renewed() -> bool:
        span = await PresenceInterval.objects.aget()
        return span.seen_at is not None and span.seen_at > long_ago

    await eventually(is_renewed, "a sign of life")
    await Session.objects.all().adelete()

    assert await host.closed(limit_s=5) == rp.CLOSE_NO_SEAT
