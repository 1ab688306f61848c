"""Waiting, letting in, turning away."""

import pytest
from asgiref.sync import sync_to_async

from meetings import room_protocol as rp
from meetings.models import PresenceInterval, Seat
from tests.fake_relay import FakeRelay
from tests.meetings.live.conftest import LiveRoom, MakeRoom
from tests.meetings.live.rooms import Page, guest_cookie, make_guest


@pytest.fixture
async def lobby_room(make_room: MakeRoom) -> LiveRoom:
    return await make_room(has_lobby=True)


async def wait(room: LiveRoom, seat: Seat) -> Page:
    page = room.page(guest_cookie(seat))
    answer = await page.enter()
    assert isinstance(answer, rp.Waiting)
    return page


async def test_hello_with_lobby_waits_in_order_and_the_host_sees_who(lobby_room: LiveRoom) -> None:
    room = lobby_room
    host = await room.host_page()
    await wait(room, room.guest)
    second = room.page(guest_cookie(room.other))

    answer = await second.enter()

    assert answer == rp.Waiting(id="1", position=2)
    changed = await host.hear(rp.LobbyChanged)
    while len(changed.lobby) < 2:
        changed = await host.hear(rp.LobbyChanged)
    assert changed.lobby == (
        rp.LobbyEntry(seat=str(room.guest.public_id), display_name="Greta Guest"),
        rp.LobbyEntry(seat=str(room.other.public_id), display_name="Otto Other"),
    )


async def test_host_who_comes_later_finds_the_lobby_in_the_snapshot(lobby_room: LiveRoom) -> None:
    await wait(lobby_room, lobby_room.guest)

    host = await lobby_room.host_page()

    assert host.snapshot is not None
    assert [entry.display_name for entry in host.snapshot.lobby] == ["Greta Guest"]


async def test_waiting_seat_gets_nothing_of_the_room_nor_a_place_at_the_relay(
    lobby_room: LiveRoom, relay: FakeRelay
) -> None:
    room = lobby_room
    host = await room.host_page()
    guest = await wait(room, room.guest)

    await host.ask("send_chat", client_id=str(room.guest.public_id), text="secret")

    assert await guest.hears_nothing(rp.ChatMessage, rp.ParticipantJoined, rp.LobbyChanged)
    for kind, fields in {
        "send_chat": {"client_id": str(room.guest.public_id), "text": "me too"},
        "subscribe": {},
        "fetch": {"after_seq": 0},
        "set_source": {"source": "microphone", "enabled": True},
        "publish_offer": {"sdp": "v=0", "sources": {"0": "microphone"}},
    }.items():
        assert (await guest.ask(kind, **fields)).code == "not_in_room", kind
    assert list(relay.rooms[str(room.meeting.public_id)]) == [host.snapshot.me.seat]  # type: ignore[union-attr]
    assert not await PresenceInterval.objects.filter(seat=room.guest).aexists()


async def test_admit_lets_the_waiting_page_in(lobby_room: LiveRoom) -> None:
    room = lobby_room
    host, guest = await room.host_page(), await wait(room, room.guest)

    answer = await host.ask("admit", seat=str(room.guest.public_id))

    assert answer.type == "ok"
    await guest.hear(rp.Admitted)
    assert isinstance(await guest.hello(), rp.Snapshot)
    assert (await host.hear(rp.ParticipantJoined)).display_name == "Greta Guest"
    changed = await host.hear(rp.LobbyChanged)
    while changed.lobby:
        changed = await host.hear(rp.LobbyChanged)
    await room.guest.arefresh_from_db()
    assert room.guest.state == "admitted"


async def test_admit_twice_is_harmless(lobby_room: LiveRoom) -> None:
    room = lobby_room
    host, guest = await room.host_page(), await wait(room, room.guest)
    await host.ask("admit", seat=str(room.guest.public_id))
    await guest.hear(rp.Admitted)

    answer = await host.ask("admit", seat=str(room.guest.public_id))

    assert answer.type == "ok"
    assert await guest.hears_nothing(rp.Admitted)


async def test_deny_turns_away_for_good(lobby_room: LiveRoom) -> None:
    room = lobby_room
    host, guest = await room.host_page(), await wait(room, room.guest)

    answer = await host.ask("deny", seat=str(room.guest.public_id))

    assert answer.type == "ok"
    assert await guest.closed() == rp.CLOSE_FORBIDDEN
    assert isinstance(guest.heard[-1], rp.Removed)
    again = await room.page(guest_cookie(room.guest)).open()
    assert (await again.ask("hello", resume_seq=None)).code == "removed"


async def test_deny_of_somebody_who_is_in_is_refused(room: LiveRoom) -> None:
    host, guest = await room.host_page(), await room.guest_page()

    answer = await host.ask("deny", seat=str(room.guest.public_id))

    assert answer.code == "unknown_seat"
    assert (await guest.ask("ping")).type == "pong"


async def test_waiting_page_that_closes_leaves_the_lobby(lobby_room: LiveRoom) -> None:
    room = lobby_room
    host, guest = await room.host_page(), await wait(room, room.guest)
    assert (await host.hear(rp.LobbyChanged)).lobby

    await guest.leave_socket()

    assert (await host.hear(rp.LobbyChanged)).lobby == ()


async def test_many_arrivals_reach_the_host_as_few_lists(lobby_room: LiveRoom) -> None:
    room = lobby_room
    host = await room.host_page()
    seats = [await sync_to_async(make_guest)(room.meeting, f"Guest {n}") for n in range(12)]
    for seat in seats:
        await wait(room, seat)

    changed = await host.hear(rp.LobbyChanged)
    count = 1
    while len(changed.lobby) < 12:
        changed = await host.hear(rp.LobbyChanged)
        count += 1

    assert count <= 8
