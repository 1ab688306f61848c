"""Every message of a page, by everybody who might send it: who may, who may not, what it does."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from meetings import room_protocol as rp
from meetings.models import ChatMessage, LiveSeat, Meeting, Seat
from tests.fake_relay import FakeRelay
from tests.meetings.live.conftest import LiveRoom, MakeRoom
from tests.meetings.live.rooms import Page, guest_cookie, make_guest, session_cookie
from tests.people import make_user

ROLES = ("host", "co_host", "presenter", "attendee")
MICROPHONE = {"sdp": "v=0", "sources": {"0": "microphone"}}

# What each role may do. The test below sends every message of the protocol as every role.
TABLE: dict[str, tuple[str, ...]] = {
    "hello": ROLES,
    "publish_offer": ("host", "co_host", "presenter"),
    "subscribe": ROLES,
    "subscribe_answer": ROLES,
    "set_view": ROLES,
    "set_source": ("host", "co_host", "presenter"),
    "send_chat": ROLES,
    "admit": ("host", "co_host"),
    "deny": ("host", "co_host"),
    "mute": ("host", "co_host"),
    "remove": ("host", "co_host"),
    "end_meeting": ("host", "co_host"),
    "start_recording": ("host", "co_host"),
    "stop_recording": ("host", "co_host"),
    "answer_recording": ROLES,
    "fetch": ROLES,
    "leave": ROLES,
    "ping": ROLES,
}

SMALL_TILE = {"source": "camera", "width": 320, "height": 180, "is_stage": False}


def fields_of(kind: str, target: Seat, waiting: Seat) -> dict[str, Any]:
    return {
        "hello": {"resume_seq": None},
        "publish_offer": MICROPHONE,
        "subscribe_answer": {"generation": 1, "sdp": "v=0"},
        "set_view": {"tiles": [{"seat": str(target.public_id), **SMALL_TILE}]},
        "set_source": {"source": "camera", "enabled": True},
        "send_chat": {"client_id": str(uuid4()), "text": "Hello"},
        "admit": {"seat": str(waiting.public_id)},
        "deny": {"seat": str(waiting.public_id)},
        "mute": {"seat": str(target.public_id), "source": "microphone"},
        "remove": {"seat": str(target.public_id)},
        "answer_recording": {"agrees": True},
        "fetch": {"after_seq": 0},
    }.get(kind, {})


async def page_as(room: LiveRoom, role: str) -> Page:
    if role == "host":
        return await room.host_page()
    if role == "co_host":
        colleague = await sync_to_async(make_user)(f"Carl {uuid4().hex[:6]}", "sales")
        await room.meeting.co_hosts.aadd(colleague)
        page = room.page(await sync_to_async(session_cookie)(colleague))
    else:
        seat = await sync_to_async(make_guest)(room.meeting, "Rosa Role", role=role)
        page = room.page(guest_cookie(seat))
    await page.enter()
    return page


async def contents(room: LiveRoom) -> tuple[Any, ...]:
    """Everything a message could have changed."""
    seats = Seat.objects.filter(meeting=room.meeting).order_by("pk")
    live = LiveSeat.objects.filter(seat__meeting=room.meeting).order_by("pk")
    return (
        [row async for row in Meeting.objects.values_list("pk", "state", "room_sequence")],
        [row async for row in seats.values_list("pk", "state", "role")],
        [row async for row in live.values_list("pk", "sources", "held_sources", "is_present")],
        await ChatMessage.objects.acount(),
    )


def test_table_names_every_message_of_the_protocol() -> None:
    assert set(TABLE) == set(rp.CLIENT_MESSAGES)


@pytest.mark.parametrize("role", ROLES)
async def test_every_message_by_role_is_done_or_refused_without_a_trace(
    make_room: MakeRoom, relay: FakeRelay, role: str
) -> None:
    for kind, allowed in TABLE.items():
        room = await make_room(recording_policy="optional")
        await room.guest_page()
        waiting = await sync_to_async(make_guest)(room.meeting, "Wim Waiting", state="waiting")
        page = await page_as(room, role)
        before, asked = await contents(room), len(relay.requests)

        answer = await page.ask(kind, **fields_of(kind, room.guest, waiting))

        if role in allowed:
            assert answer.type != "error", (kind, role, answer)
        else:
            assert (answer.type, answer.code) == ("error", "not_permitted"), (kind, role)
            assert await contents(room) == before, (kind, role)
            assert len(relay.requests) == asked, (kind, role)


@pytest.mark.parametrize("kind", ["admit", "deny", "mute", "remove"])
async def test_seat_of_another_meeting_is_unknown_to_a_host(make_room: MakeRoom, kind: str) -> None:
    mine, theirs = await make_room(), await make_room()
    await theirs.guest_page()
    waiting = await sync_to_async(make_guest)(theirs.meeting, "Wim Waiting", state="waiting")
    host = await mine.host_page()
    before = await contents(theirs)

    answer = await host.ask(kind, **fields_of(kind, theirs.guest, waiting))

    assert (answer.type, answer.code) == ("error", "unknown_seat")
    assert await contents(theirs) == before


async def test_co_host_cannot_mute_or_remove_the_host(room: LiveRoom) -> None:
    host, co_host = await room.host_page(), await page_as(room, "co_host")
    seat = me(host)

    muted = await co_host.ask("mute", seat=seat, source="microphone")
    removed = await co_host.ask("remove", seat=seat)

    assert (muted.code, removed.code) == ("not_permitted", "not_permitted")
    assert await host.hears_nothing(rp.ForceMute, rp.Removed)


async def test_host_cannot_remove_themselves(room: LiveRoom) -> None:
    host = await room.host_page()

    assert (await host.ask("remove", seat=me(host))).code == "not_permitted"


# --- chat ---------------------------------------------------------------------------------------


async def test_chat_is_stored_then_acknowledged_then_heard_by_everybody(room: LiveRoom) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    client_id = str(uuid4())

    answer = await guest.ask("send_chat", client_id=client_id, text="  Grüße 你好 <b>\r\nzwei  ")

    stored = await ChatMessage.objects.aget()
    assert answer.type == "ok"
    assert (stored.text, str(stored.client_id), stored.seat_id) == (
        "Grüße 你好 <b>\nzwei",
        client_id,
        room.guest.pk,
    )
    line = rp.ChatMessage(
        seq=stored.sequence,
        seat=str(room.guest.public_id),
        display_name="Greta Guest",
        text="Grüße 你好 <b>\nzwei",
        sent_at=stored.sent_at.isoformat(),
        client_id=client_id,
    )
    assert await host.hear(rp.ChatMessage) == line
    assert await guest.hear(rp.ChatMessage) == line


async def test_chat_sent_again_under_the_same_mark_is_one_line(room: LiveRoom) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    client_id = str(uuid4())
    await guest.ask("send_chat", client_id=client_id, text="once")
    await host.hear(rp.ChatMessage)

    again = await guest.ask("send_chat", client_id=client_id, text="once")
    other = await guest.ask("send_chat", client_id=client_id, text="something else")

    assert (again.type, other.code) == ("ok", "client_id_taken")
    assert await ChatMessage.objects.acount() == 1
    assert await host.hears_nothing(rp.ChatMessage)


async def test_chat_text_loses_controls_and_direction_tricks(room: LiveRoom) -> None:
    guest = await room.guest_page()

    await guest.ask("send_chat", client_id=str(uuid4()), text="a\u202eb\x00c\u0301d\x07")

    assert (await ChatMessage.objects.aget()).text == "abćd"


@pytest.mark.parametrize("text", ["   ", "\x00", "\u202e\n"])
async def test_chat_with_nothing_to_read_is_refused(room: LiveRoom, text: str) -> None:
    guest = await room.guest_page()

    answer = await guest.ask("send_chat", client_id=str(uuid4()), text=text)

    assert answer.code == "empty_text"
    assert not await ChatMessage.objects.aexists()


async def test_fetch_gives_what_came_after_in_order_and_the_newest_state_of_each_seat(
    room: LiveRoom,
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    seq = guest.snapshot.seq  # type: ignore[union-attr]
    await host.ask("send_chat", client_id=str(uuid4()), text="one")
    await guest.ask("set_source", source="camera", enabled=True)
    await guest.ask("set_source", source="microphone", enabled=True)
    await host.ask("send_chat", client_id=str(uuid4()), text="two")

    missed = await guest.ask("fetch", after_seq=seq)

    assert [(each.type, each.seq) for each in missed.messages] == [
        ("chat_message", seq + 1),
        ("participant_updated", seq + 3),
        ("chat_message", seq + 4),
    ]
    assert missed.messages[1].sources["camera"]
    assert missed.messages[1].sources["microphone"]


async def test_fetch_tells_who_left(room: LiveRoom) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    await guest.ask("leave")

    missed = await host.ask("fetch", after_seq=1)

    assert [(each.type, each.seat) for each in missed.messages] == [
        ("participant_left", str(room.guest.public_id))
    ]


# --- names --------------------------------------------------------------------------------------


@pytest.fixture
def attendees(make_room: MakeRoom) -> Callable[[str], Any]:
    async def make(kind: str) -> tuple[LiveRoom, Page, Page]:
        room = await make_room(kind=kind)
        await sync_to_async(
            lambda: Seat.objects.filter(meeting=room.meeting).update(role="attendee")
        )()
        return room, await room.guest_page(), await room.guest_page(room.other)

    return make


async def test_attendees_of_a_launch_learn_nothing_of_one_another(
    attendees: Callable[[str], Any],
) -> None:
    room, guest, other = await attendees("launch")
    host = await room.host_page()

    await other.ask("send_chat", client_id=str(uuid4()), text="Hello from Otto")
    line = await guest.hear(rp.ChatMessage)
    missed = await guest.ask("fetch", after_seq=0)
    late = room.page(guest_cookie(room.guest))
    snapshot = await late.enter()

    assert (line.text, line.display_name) == ("Hello from Otto", "")
    for message in (*guest.heard, line, missed, snapshot):
        assert "Otto" not in rp.encode(message).replace("Hello from Otto", "")
    assert [entry.role for entry in snapshot.roster] == ["attendee", "host"]
    assert (await host.hear(rp.ChatMessage)).display_name == "Otto Other"
    assert "Otto Other" in [entry.display_name for entry in host.snapshot.roster]


async def test_numbers_stay_unbroken_for_those_who_may_not_know_the_change(
    attendees: Callable[[str], Any],
) -> None:
    _room, guest, _other = await attendees("research")

    advanced = await guest.hear(rp.RoomAdvanced)

    assert advanced.seq == guest.snapshot.seq + 1
    assert await guest.hears_nothing(rp.ParticipantJoined)


async def test_attendees_of_a_training_see_one_another(attendees: Callable[[str], Any]) -> None:
    _room, guest, _other = await attendees("training")

    assert (await guest.hear(rp.ParticipantJoined)).display_name == "Otto Other"


# --- muting, removing, ending -------------------------------------------------------------------


async def test_mute_is_told_shown_and_enforced_until_the_person_unmutes(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    name = str(room.guest.public_id)
    await guest.ask("publish_offer", **MICROPHONE)
    await guest.ask("set_source", source="microphone", enabled=True)

    answer = await host.ask("mute", seat=name, source="microphone")

    assert answer.type == "ok"
    assert await guest.hear(rp.ForceMute) == rp.ForceMute(source="microphone", by=me(host))
    assert (name, "microphone") in relay.paused
    shown = await host.hear(rp.ParticipantUpdated)
    while shown.sources["microphone"]:
        shown = await host.hear(rp.ParticipantUpdated)
    await guest.ask("publish_offer", **MICROPHONE)
    assert (name, "microphone") in relay.paused

    await guest.ask("set_source", source="microphone", enabled=True)

    assert (name, "microphone") not in relay.paused


async def test_mute_holds_for_a_page_that_comes_back_without_its_relay(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    name = str(room.guest.public_id)
    await host.ask("mute", seat=name, source="camera")
    await guest.leave_socket()
    relay.paused.clear()
    again = room.page(guest_cookie(room.guest))
    await again.enter(resume_seq=2)

    await again.ask("publish_offer", sdp="v=0", sources={"0": "camera", "1": "microphone"})

    assert relay.paused == {(name, "camera")}


async def test_remove_puts_out_at_page_and_relay_and_keeps_out(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    name = str(room.guest.public_id)
    assert name in relay.rooms[str(room.meeting.public_id)]

    answer = await host.ask("remove", seat=name)

    assert answer.type == "ok"
    assert name not in relay.rooms[str(room.meeting.public_id)]
    assert await guest.closed(limit_s=1) == rp.CLOSE_FORBIDDEN
    assert isinstance(guest.heard[-1], rp.Removed)
    assert (await host.hear(rp.ParticipantLeft)).seat == name
    again = await room.page(guest_cookie(room.guest)).open()
    assert (await again.ask("hello", resume_seq=None)).code == "removed"
    assert await again.closed() == rp.CLOSE_FORBIDDEN
    assert name not in relay.rooms[str(room.meeting.public_id)]


async def test_end_meeting_ends_it_for_everybody(room: LiveRoom, relay: FakeRelay) -> None:
    host, guest = await room.host_page(), await room.guest_page()

    answer = await host.ask("end_meeting")

    assert answer.type == "ok"
    for page in (host, guest):
        assert await page.closed() == rp.CLOSE_MEETING_ENDED
        assert isinstance(page.heard[-1], rp.MeetingEnded)
    await room.meeting.arefresh_from_db()
    assert (room.meeting.state, room.meeting.ended_at is not None) == ("ended", True)
    assert str(room.meeting.public_id) not in relay.rooms
    spans = room.guest.presence.values_list("reason", flat=True)
    assert [reason async for reason in spans] == ["ended"]
    assert not await LiveSeat.objects.filter(is_present=True).aexists()


def me(page: Page) -> str:
    assert page.snapshot is not None
    return page.snapshot.me.seat
