"""Hello, the snapshot, a second tab, going live, coming back."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from meetings import room_protocol as rp
from meetings import socket_watch
from meetings.models import Meeting, PresenceInterval, Seat
from meetings.models.meeting import ROOM_OPENS_BEFORE
from tests.fake_relay import FakeRelay
from tests.meetings.live.conftest import LiveRoom, MakeRoom
from tests.meetings.live.rooms import Page, guest_cookie, make_guest, make_meeting, session_cookie

EVERYTHING = (
    "publish_microphone",
    "publish_camera",
    "publish_screen",
    "chat",
    "admit",
    "mute",
    "remove",
    "end",
)
SWITCHED_OFF = {"microphone": False, "camera": False, "screen": False, "screen_audio": False}


async def intervals(seat: Seat) -> list[tuple[str, bool, bool]]:
    """Reason, whether open, whether rehearsal: oldest first."""
    rows = PresenceInterval.objects.filter(seat=seat).order_by("pk")
    return [(row.reason, row.left_at is None, row.is_rehearsal) async for row in rows]


async def test_hello_host_gets_the_whole_room_and_meeting_goes_live(
    room: LiveRoom, relay: FakeRelay
) -> None:
    page = room.page(room.host_cookie)

    snapshot = await page.enter()

    host = await Seat.objects.aget(meeting=room.meeting, user__isnull=False)
    assert snapshot.me == rp.Me(
        seat=str(host.public_id),
        role="host",
        display_name=host.display_name,
        permissions=EVERYTHING,
    )
    assert [entry.seat for entry in snapshot.roster] == [str(host.public_id)]
    assert (snapshot.seq, snapshot.relay, snapshot.chat) == (1, "ready", ())
    await room.meeting.arefresh_from_db()
    assert room.meeting.state == "live"
    assert room.meeting.went_live_at is not None
    assert relay.may_publish == {
        (str(room.meeting.public_id), str(host.public_id)): (
            "microphone",
            "camera",
            "screen",
            "screen_audio",
        )
    }


async def test_hello_guest_is_announced_to_those_who_are_there(room: LiveRoom) -> None:
    host = await room.host_page()

    guest = await room.guest_page()

    entry = {
        "seat": str(room.guest.public_id),
        "display_name": "Greta Guest",
        "role": "presenter",
        "sources": SWITCHED_OFF,
        "is_connected": True,
    }
    assert await host.hear(rp.ParticipantJoined) == rp.ParticipantJoined(seq=2, **entry)
    assert guest.snapshot is not None
    assert guest.snapshot.seq == 2
    assert rp.RosterEntry(**entry) in guest.snapshot.roster
    assert guest.snapshot.lobby == ()
    assert guest.snapshot.me.permissions == EVERYTHING[:4]


async def test_hello_before_the_host_is_rehearsal_until_the_host_comes(room: LiveRoom) -> None:
    await room.guest_page()
    assert await intervals(room.guest) == [("", True, True)]

    await room.host_page()

    assert await intervals(room.guest) == [("went_live", False, True), ("", True, False)]


async def test_host_before_the_room_opens_rehearses_and_guests_wait(make_room: MakeRoom) -> None:
    start = timezone.now() + timedelta(days=3)
    room = await make_room(starts_at=start, ends_at=start + timedelta(hours=1))
    opens_at = (start - ROOM_OPENS_BEFORE).isoformat()

    host = await room.host_page()
    answer = await room.page(guest_cookie(room.guest)).enter()

    assert host.snapshot is not None
    assert (host.snapshot.meeting.is_live, host.snapshot.meeting.opens_at) == (False, opens_at)
    assert answer == rp.Waiting(id="1", opens_at=opens_at)
    await room.meeting.arefresh_from_db()
    assert (room.meeting.state, room.meeting.went_live_at) == ("planned", None)
    seat = await Seat.objects.aget(meeting=room.meeting, user__isnull=False)
    assert await intervals(seat) == [("", True, True)]
    assert await intervals(room.guest) == []


async def test_rehearsal_is_left_and_not_ended(make_room: MakeRoom) -> None:
    start = timezone.now() + timedelta(days=3)
    room = await make_room(starts_at=start, ends_at=start + timedelta(hours=1))
    host = await room.host_page()

    answer = await host.ask("end_meeting")

    assert (answer.type, answer.code) == ("error", "not_live")
    await room.meeting.arefresh_from_db()
    assert room.meeting.state == "planned"


async def test_room_that_opens_goes_live_with_the_host_in_it_and_lets_guests_in(
    make_room: MakeRoom, fast_watch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_watch, "SWEEP_S", 0.1)
    start = timezone.now() + timedelta(days=3)
    room = await make_room(starts_at=start, ends_at=start + timedelta(hours=1))
    host = await room.host_page()
    guest = room.page(guest_cookie(room.guest))
    await guest.enter()
    assert await guest.hears_nothing(rp.Admitted)
    soon = timezone.now() + timedelta(minutes=20)

    await Meeting.objects.filter(pk=room.meeting.pk).aupdate(starts_at=soon)

    await host.hear(rp.MeetingLive)
    assert await host.hears_nothing(rp.MeetingLive)
    await guest.hear(rp.Admitted)
    snapshot = await guest.hello()
    assert snapshot.meeting.is_live
    seat = await Seat.objects.aget(meeting=room.meeting, user__isnull=False)
    assert await intervals(seat) == [("went_live", False, True), ("", True, False)]
    assert await intervals(room.guest) == [("", True, False)]


async def test_message_before_hello_is_refused_and_changes_nothing(room: LiveRoom) -> None:
    page = await room.page(guest_cookie(room.guest)).open()

    answer = await page.ask("send_chat", client_id=str(uuid4()), text="early")

    assert (answer.type, answer.code) == ("error", "not_in_room")
    assert not await room.meeting.chat.aexists()


async def test_second_tab_takes_over_and_the_first_is_told(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host = await room.host_page()
    first = await room.guest_page()

    second = await room.guest_page()

    assert await first.closed() == rp.CLOSE_REPLACED
    assert isinstance(first.heard[-1], rp.Replaced)
    await first.leave_socket()
    assert second.snapshot is not None
    assert (await second.ask("ping")).type == "pong"
    assert await intervals(room.guest) == [("replaced", False, False), ("", True, False)]
    assert await host.hears_nothing(rp.ParticipantLeft)
    assert str(room.guest.public_id) in relay.rooms[str(room.meeting.public_id)]


async def test_broken_socket_keeps_its_place_and_resumes_with_what_was_missed(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host = await room.host_page()
    guest = await room.guest_page()
    await guest.ask("set_source", source="microphone", enabled=True)
    assert guest.snapshot is not None
    await guest.leave_socket()
    gone = await host.hear(rp.ParticipantUpdated)
    while gone.is_connected:
        gone = await host.hear(rp.ParticipantUpdated)
    await host.ask("send_chat", client_id=str(uuid4()), text="Are you there?")

    again = room.page(guest_cookie(room.guest))
    snapshot = await again.enter(resume_seq=guest.snapshot.seq)

    assert [line.text for line in snapshot.chat] == ["Are you there?"]
    mine = next(entry for entry in snapshot.roster if entry.seat == snapshot.me.seat)
    assert mine.sources == SWITCHED_OFF | {"microphone": True}
    assert mine.is_connected
    back = await host.hear(rp.ParticipantUpdated)
    assert (back.seat, back.is_connected) == (mine.seat, True)
    assert await intervals(room.guest) == [("", True, False)]
    assert str(room.guest.public_id) in relay.rooms[str(room.meeting.public_id)]


async def test_fresh_page_of_a_present_seat_starts_with_everything_off(room: LiveRoom) -> None:
    guest = await room.guest_page()
    await guest.ask("set_source", source="camera", enabled=True)
    await guest.leave_socket()

    again = await room.guest_page()

    assert again.snapshot is not None
    assert [entry.sources for entry in again.snapshot.roster] == [SWITCHED_OFF]


async def test_leave_says_goodbye_everywhere(room: LiveRoom, relay: FakeRelay) -> None:
    host, guest = await room.host_page(), await room.guest_page()

    answer = await guest.ask("leave")

    assert answer.type == "ok"
    assert await guest.closed() == 1000
    assert (await host.hear(rp.ParticipantLeft)).seat == str(room.guest.public_id)
    assert await intervals(room.guest) == [("left", False, False)]
    assert str(room.guest.public_id) not in relay.rooms[str(room.meeting.public_id)]
    await room.guest.arefresh_from_db()
    assert room.guest.state == "admitted"


async def test_socket_of_an_unknown_meeting_is_closed_with_4004(room: LiveRoom) -> None:
    page = await Page(uuid4(), room.host_cookie).open()

    assert await page.closed() == rp.CLOSE_UNKNOWN_MEETING
    await page.leave_socket()


@pytest.mark.parametrize(
    ("visibility", "code"), [("link", rp.CLOSE_NO_SEAT), ("invitation", rp.CLOSE_UNKNOWN_MEETING)]
)
async def test_socket_without_a_seat_learns_no_more_than_the_page_would_tell(
    make_room: MakeRoom, visibility: str, code: int
) -> None:
    room = await make_room(visibility=visibility)
    page = await room.page("").open()

    assert await page.closed() == code


async def test_socket_with_the_cookie_of_another_meeting_has_no_seat(room: LiveRoom) -> None:
    other = await sync_to_async(make_meeting)()
    stranger = await sync_to_async(make_guest)(other, "Sten Stranger")
    page = await room.page(guest_cookie(stranger)).open()

    assert await page.closed() == rp.CLOSE_NO_SEAT


async def test_socket_with_a_forged_or_revoked_cookie_has_no_seat(room: LiveRoom) -> None:
    cookie = guest_cookie(room.guest)
    forged = await room.page(cookie[:-1] + ("a" if cookie[-1] != "a" else "b")).open()
    await room.meeting.registrations.aupdate(link_version=2)
    revoked = await room.page(cookie).open()

    assert await forged.closed() == rp.CLOSE_NO_SEAT
    assert await revoked.closed() == rp.CLOSE_NO_SEAT


async def test_colleague_who_does_not_host_has_no_seat(room: LiveRoom, teammate: object) -> None:
    cookie = await sync_to_async(session_cookie)(teammate)
    page = await room.page(cookie).open()

    assert await page.closed() == rp.CLOSE_NO_SEAT


@pytest.mark.parametrize("state", ["ended", "cancelled"])
async def test_hello_to_a_meeting_that_is_over_is_told_so(room: LiveRoom, state: str) -> None:
    await Meeting.objects.filter(pk=room.meeting.pk).aupdate(state=state)
    page = await room.page(guest_cookie(room.guest)).open()

    answer = await page.ask("hello", resume_seq=None)

    assert (answer.type, answer.code) == ("error", "meeting_ended")
    assert await page.closed() == rp.CLOSE_MEETING_ENDED
    assert isinstance(page.heard[-1], rp.MeetingEnded)


async def test_hello_of_a_removed_seat_is_told_so(room: LiveRoom) -> None:
    await Seat.objects.filter(pk=room.guest.pk).aupdate(state="removed")
    page = await room.page(guest_cookie(room.guest)).open()

    answer = await page.ask("hello", resume_seq=None)

    assert (answer.type, answer.code) == ("error", "removed")
    assert await page.closed() == rp.CLOSE_FORBIDDEN


async def test_twenty_people_entering_at_once_get_unbroken_numbers(make_room: MakeRoom) -> None:
    room = await make_room()
    host = await room.host_page()
    seats = [await sync_to_async(make_guest)(room.meeting, f"Guest {n}") for n in range(20)]
    pages = [room.page(guest_cookie(seat)) for seat in seats]

    snapshots = await asyncio.gather(*(page.enter() for page in pages))

    joined = [await host.hear(rp.ParticipantJoined) for _page in pages]
    assert sorted(delta.seq for delta in joined) == list(range(2, 22))
    assert {delta.seat for delta in joined} == {str(seat.public_id) for seat in seats}
    for page, snapshot in zip(pages, snapshots, strict=True):
        later = [await page.hear(rp.ParticipantJoined) for _n in range(21 - snapshot.seq)]
        known = {entry.seat for entry in snapshot.roster} | {delta.seat for delta in later}
        assert known == {str(seat.public_id) for seat in seats} | {host_seat(host)}


def host_seat(page: Page) -> str:
    assert page.snapshot is not None
    return page.snapshot.me.seat
