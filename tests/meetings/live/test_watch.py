"""What takes effect although nobody told the socket: rights withdrawn, messages lost, silence."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.sessions.models import Session
from django.utils import timezone

from meetings import room_protocol as rp
from meetings.models import LiveSeat, Meeting, PresenceInterval, Registration, Seat
from meetings.services import presence, room_access
from meetings.services import room as room_service
from tests.fake_relay import FakeRelay
from tests.meetings.live.conftest import LiveRoom
from tests.meetings.live.rooms import guest_cookie

pytestmark = pytest.mark.usefixtures("fast_watch")


async def test_logout_closes_the_hosts_socket(room: LiveRoom, relay: FakeRelay) -> None:
    host, guest = await room.host_page(), await room.guest_page()

    await Session.objects.all().adelete()

    assert await host.closed(limit_s=5) == rp.CLOSE_NO_SEAT
    assert (await guest.ask("ping")).type == "pong"
    assert list(relay.rooms[str(room.meeting.public_id)]) == [str(room.guest.public_id)]


async def test_new_password_closes_the_hosts_socket(room: LiveRoom) -> None:
    host = await room.host_page()

    room.meeting.host.set_password("quite another one")
    await room.meeting.host.asave()

    assert await host.closed(limit_s=5) == rp.CLOSE_NO_SEAT


async def test_host_who_hosts_no_more_is_out(room: LiveRoom, teammate: Any) -> None:
    host = await room.host_page()

    await Meeting.objects.filter(pk=room.meeting.pk).aupdate(host=teammate)

    assert await host.closed(limit_s=5) == rp.CLOSE_NO_SEAT


@pytest.mark.parametrize(
    "change",
    [{"link_version": 2}, {"state": "cancelled", "cancelled_at": timezone.now()}],
    ids=["link revoked", "registration cancelled"],
)
async def test_registration_withdrawn_closes_the_guests_socket(
    room: LiveRoom, change: dict[str, Any]
) -> None:
    guest = await room.guest_page()

    await Registration.objects.filter(pk=room.guest.registration_id).aupdate(**change)

    assert await guest.closed(limit_s=5) == rp.CLOSE_NO_SEAT


async def test_role_change_asks_the_page_to_come_back_and_binds_the_relay_at_once(
    room: LiveRoom, relay: FakeRelay
) -> None:
    guest = await room.guest_page()
    key = (str(room.meeting.public_id), str(room.guest.public_id))
    assert relay.may_publish[key]

    await Seat.objects.filter(pk=room.guest.pk).aupdate(role="attendee")

    assert await guest.closed(limit_s=5) == rp.CLOSE_SERVER_RESTARTS
    assert relay.may_publish[key] == ()
    again = await room.guest_page()
    assert again.snapshot is not None
    assert again.snapshot.me.permissions == ("chat",)


async def test_removal_by_another_process_whose_word_was_lost_takes_effect(
    room: LiveRoom, relay: FakeRelay
) -> None:
    guest = await room.guest_page()

    await Seat.objects.filter(pk=room.guest.pk).aupdate(state="removed")

    assert await guest.closed(limit_s=5) == rp.CLOSE_FORBIDDEN
    assert relay.rooms[str(room.meeting.public_id)] == {}


async def test_meeting_ended_by_the_clock_closes_the_room(room: LiveRoom) -> None:
    guest = await room.guest_page()

    await Meeting.objects.filter(pk=room.meeting.pk).aupdate(state="ended")

    assert await guest.closed(limit_s=5) == rp.CLOSE_MEETING_ENDED


async def test_admitted_seat_whose_word_was_lost_is_told(make_room: Any) -> None:
    room = await make_room(has_lobby=True)
    guest = room.page(guest_cookie(room.guest))
    await guest.enter()

    await Seat.objects.filter(pk=room.guest.pk).aupdate(state="admitted")

    await guest.hear(rp.Admitted)


async def test_lines_lost_on_the_way_are_read_from_the_database(room: LiveRoom) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    layer: Any = get_channel_layer()
    layer.groups.clear()  # as after a restart of the server behind the layer

    answer = await host.ask("send_chat", client_id=str(uuid4()), text="Can you read me?")

    assert answer.type == "ok"
    assert (await guest.hear(rp.ChatMessage)).text == "Can you read me?"
    assert (await host.hear(rp.ChatMessage)).text == "Can you read me?"


async def test_replaced_by_a_socket_of_another_process_whose_word_was_lost(
    room: LiveRoom,
) -> None:
    guest = await room.guest_page()

    await LiveSeat.objects.filter(seat=room.guest).aupdate(connection="of-another-process")

    assert await guest.closed(limit_s=5) == rp.CLOSE_REPLACED


# --- signs of life ----------------------------------------------------------------------------


async def test_heartbeat_renews_what_a_living_socket_holds(
    room: LiveRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.1)
    await room.guest_page()
    long_ago = timezone.now() - timedelta(seconds=35)
    await LiveSeat.objects.aupdate(seen_at=long_ago)
    await PresenceInterval.objects.aupdate(seen_at=long_ago, joined_at=long_ago)

    async def is_renewed() -> bool:
        live = await LiveSeat.objects.aget()
        span = await PresenceInterval.objects.aget()
        return live.seen_at > long_ago and span.seen_at is not None and span.seen_at > long_ago

    await eventually(is_renewed)


async def test_silent_socket_of_a_dead_process_ends_with_its_last_sign_of_life(
    room: LiveRoom, relay: FakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meetings.socket_watch.SWEEP_S", 0.1)
    host = await room.host_page()
    dead = await sync_to_async(enter_from_a_process_that_dies)(room.other)

    left = await host.hear(rp.ParticipantLeft)

    assert left.seat == str(room.other.public_id)
    span = await PresenceInterval.objects.aget(seat=room.other)
    assert (span.left_at, span.reason) == (dead, "lost")


def enter_from_a_process_that_dies(seat: Seat) -> Any:
    room_service.enter(seat=seat, connection="dead", is_fresh=True)
    last_sign = timezone.now() - presence.SILENCE - timedelta(seconds=1)
    LiveSeat.objects.filter(seat=seat).update(seen_at=last_sign)
    PresenceInterval.objects.filter(seat=seat).update(joined_at=last_sign, seen_at=last_sign)
    return last_sign


async def test_broken_socket_that_does_not_come_back_leaves_after_the_grace(
    room: LiveRoom, relay: FakeRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meetings.socket_watch.SWEEP_S", 0.1)
    monkeypatch.setattr(presence, "GRACE", timedelta(seconds=0.5))
    host, guest = await room.host_page(), await room.guest_page()
    name = str(room.guest.public_id)

    await guest.leave_socket()

    assert (await host.hear(rp.ParticipantLeft)).seat == name

    async def is_gone() -> bool:
        return name not in relay.rooms[str(room.meeting.public_id)]

    await eventually(is_gone)


async def test_socket_that_was_taken_for_dead_comes_back(room: LiveRoom) -> None:
    guest = await room.guest_page()

    await LiveSeat.objects.aupdate(connection="", is_present=False)

    assert await guest.closed(limit_s=5) == rp.CLOSE_SERVER_RESTARTS


class Held:
    """Stands before a function: its first call waits until it is let go."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.is_called, self.is_let_go = threading.Event(), threading.Event()

    def __call__(self, **arguments: Any) -> Any:
        self.is_called.set()
        self.is_let_go.wait(10)
        return self._function(**arguments)


@pytest.mark.parametrize("before", ["", "of-an-older-page"])
async def test_place_taken_while_the_watch_looks_is_not_taken_for_lost(
    room: LiveRoom, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """What the watch has read is older than the page's hello."""
    host = await room.page(room.host_cookie).open()
    await host.ask("ping")
    seat = await Seat.objects.aget(user=room.meeting.host)
    await LiveSeat.objects.acreate(seat=seat, connection=before, seen_at=timezone.now())
    held = Held(room_access.is_still_host)
    monkeypatch.setattr(room_access, "is_still_host", held)
    assert await asyncio.to_thread(held.is_called.wait, 10)

    snapshot = await host.hello()
    held.is_called.clear()
    held.is_let_go.set()
    assert await asyncio.to_thread(held.is_called.wait, 10)  # the watch is one round further

    assert snapshot.type == "snapshot"
    assert (await host.ask("ping")).type == "pong"


async def eventually(is_so: Any, limit_s: float = 5.0) -> None:
    async with asyncio.timeout(limit_s):
        while not await is_so():  # noqa: ASYNC110 - a row in the database wakes nobody
            await asyncio.sleep(0.05)
