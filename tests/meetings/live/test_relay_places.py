"""Several relays: which one a room is put on, that everybody agrees, and when it moves."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from media_relay import protocol
from meetings import relay_client
from meetings.models import RelayPlace
from meetings.relay_client import RelayClient, least_loaded
from meetings.services import relay_places
from meetings.services.relay_places import StoredPlaces
from tests.fake_relay import FakeRelay, running_relay
from tests.meetings.live.rooms import make_meeting


@dataclass
class Seat:
    """Somebody who listens to what the relay says."""

    ready: int = 0
    lost: int = 0
    events: list[protocol.Event] = field(default_factory=list)

    def on_relay_event(self, event: protocol.Event) -> None:
        self.events.append(event)

    def on_relay_lost(self) -> None:
        self.lost += 1

    def on_relay_ready(self) -> None:
        self.ready += 1


@pytest.fixture
async def relays() -> AsyncIterator[list[FakeRelay]]:
    async with running_relay() as one, running_relay() as other:
        yield [one, other]


@pytest.fixture
async def clients(
    transactional_db: None, relays: list[FakeRelay]
) -> AsyncIterator[list[RelayClient]]:
    """Of two web processes that share nothing but the database."""
    urls = [relay.url for relay in relays]
    made = [RelayClient(each, relays[0].secret, StoredPlaces()) for each in (urls, urls[::-1])]
    yield made
    for client in made:
        await client.aclose()


@pytest.fixture
async def room(transactional_db: None) -> str:
    meeting = await sync_to_async(make_meeting)()
    return str(meeting.public_id)


def with_room(relays: list[FakeRelay], room: str) -> list[FakeRelay]:
    return [relay for relay in relays if relay.rooms.get(room)]


async def until(condition: Any, limit_s: float = 5) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - several fakes, no common bell
            await asyncio.sleep(0.02)


# --- the truth ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_place_belongs_to_whoever_comes_first() -> None:
    room = str(make_meeting().public_id)

    assert relay_places.settle_place(room=room, relay="ws://a") == "ws://a"
    assert relay_places.settle_place(room=room, relay="ws://b") == "ws://a"
    assert relay_places.find_places(rooms=[room]) == {room: "ws://a"}


@pytest.mark.django_db
def test_place_moves_only_from_where_the_mover_believed_it() -> None:
    room = str(make_meeting().public_id)
    relay_places.settle_place(room=room, relay="ws://a")

    assert relay_places.move_place(room=room, relay="ws://a", to="ws://b") == "ws://b"
    assert relay_places.move_place(room=room, relay="ws://a", to="ws://c") == "ws://b"


@pytest.mark.django_db
def test_place_of_an_ended_meeting_is_chosen_anew() -> None:
    room = str(make_meeting().public_id)
    relay_places.settle_place(room=room, relay="ws://a")

    relay_places.clear_place(room=room)

    assert relay_places.find_places(rooms=[room]) == {}


def test_least_loaded_is_the_emptiest_and_equals_share_the_rooms() -> None:
    assert least_loaded("r", {"ws://a": 3, "ws://b": 1, "ws://c": 9}) == "ws://b"
    assert least_loaded("r", {}) is None
    chosen = {least_loaded(f"room {n}", {"ws://a": 0, "ws://b": 0}) for n in range(30)}
    assert chosen == {"ws://a", "ws://b"}


# --- two web processes --------------------------------------------------------------------------


async def test_room_goes_to_the_relay_with_fewer_people(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    relays[0].strangers = 40

    await clients[0].join(room, "ann", (), Seat())

    assert with_room(relays, room) == [relays[1]]


async def test_people_of_two_web_processes_meet_on_one_relay_however_they_race(
    relays: list[FakeRelay], clients: list[RelayClient]
) -> None:
    """Their loads differ between the questions, as in life: the choices differ, the place not."""
    for number in range(6):
        meeting = await sync_to_async(make_meeting)()
        room = str(meeting.public_id)
        relays[number % 2].strangers += 3

        await asyncio.gather(
            clients[0].join(room, "ann", (), Seat()), clients[1].join(room, "ben", (), Seat())
        )

        [relay] = with_room(relays, room)
        assert set(relay.rooms[room]) == {"ann", "ben"}


async def test_draining_relay_gets_no_room_and_keeps_those_it_has(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    await clients[0].join(room, "ann", (), Seat())
    [home] = with_room(relays, room)
    home.is_draining = True
    other = await sync_to_async(make_meeting)()

    await clients[1].join(room, "ben", (), Seat())
    await clients[1].join(str(other.public_id), "cleo", (), Seat())

    assert set(home.rooms[room]) == {"ann", "ben"}
    assert str(other.public_id) not in home.rooms


async def test_room_whose_stored_relay_drains_and_forgot_it_moves_with_its_first_person(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    await sync_to_async(relay_places.settle_place)(room=room, relay=relays[0].url)
    relays[0].is_draining = True

    await clients[0].join(room, "ann", (), Seat())

    assert with_room(relays, room) == [relays[1]]


async def test_goodbye_moves_everybody_of_both_processes_and_empties_the_old_relay(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    seats = [Seat(), Seat()]
    await clients[0].join(room, "ann", (), seats[0])
    await clients[1].join(room, "ben", (), seats[1])
    [old] = with_room(relays, room)
    [new] = [relay for relay in relays if relay is not old]

    await old.say_goodbye()

    await until(lambda: set(new.rooms.get(room, ())) == {"ann", "ben"})
    await until(lambda: [seat.ready for seat in seats] == [1, 1], limit_s=20)
    await until(lambda: not old.rooms[room])
    assert [seat.lost for seat in seats] == [0, 0]
    await clients[1].subscribe(room, "ben")
    assert new.asked(protocol.Subscribe)


async def test_dead_relay_loses_its_room_to_the_living_one(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    seats = [Seat(), Seat()]
    for client, name, seat in zip(clients, ("ann", "ben"), seats, strict=True):
        await client.join(room, name, (), seat)
    [old] = with_room(relays, room)
    [new] = [relay for relay in relays if relay is not old]

    await old.stop()

    await until(lambda: set(new.rooms.get(room, ())) == {"ann", "ben"}, limit_s=4)
    await until(lambda: [(seat.lost, seat.ready) for seat in seats] == [(1, 1)] * 2)
    place = await RelayPlace.objects.aget()
    assert place.relay == new.url


async def test_relay_that_is_back_soon_keeps_its_room(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    seat = Seat()
    await clients[0].join(room, "ann", (), seat)
    [home] = with_room(relays, room)

    await home.stop()
    await asyncio.sleep(0.6)
    await home.start()

    await until(lambda: seat.ready == 1)
    await asyncio.sleep(1.5)
    assert with_room(relays, room) == [home]


async def test_process_that_alone_lost_its_link_takes_the_others_along(
    relays: list[FakeRelay], transactional_db: None, room: str
) -> None:
    """No split: who cannot reach the relay moves the room, and the others follow the place."""
    urls, unreachable = [relay.url for relay in relays], "ws://127.0.0.1:9/control"
    await sync_to_async(relay_places.settle_place)(room=room, relay=urls[0])
    sees_all = RelayClient(urls, relays[0].secret, StoredPlaces())
    cut_off = RelayClient([urls[0], urls[1]], relays[0].secret, StoredPlaces())
    seats = [Seat(), Seat()]
    try:
        await sees_all.join(room, "ann", (), seats[0])
        cut_off._placement._link(urls[0])._url = unreachable  # its network, not the relay

        with pytest.raises(relay_client.RelayUnavailable):
            await cut_off.join(room, "ben", (), seats[1])

        await until(lambda: set(relays[1].rooms.get(room, ())) == {"ann", "ben"}, limit_s=6)
        await until(lambda: not relays[0].rooms[room])
        assert [seat.ready for seat in seats] == [1, 1]
    finally:
        await sees_all.aclose()
        await cut_off.aclose()


async def test_place_on_a_relay_that_is_no_longer_configured_moves_at_once(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    await sync_to_async(relay_places.settle_place)(room=room, relay="ws://127.0.0.1:1/control")

    await asyncio.gather(
        clients[0].join(room, "ann", (), Seat()), clients[1].join(room, "ben", (), Seat())
    )

    [relay] = with_room(relays, room)
    assert set(relay.rooms[room]) == {"ann", "ben"}


async def test_all_relays_away_everybody_waits_in_one_place(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    for relay in relays:
        await relay.stop()
    seats = [Seat(), Seat()]
    for client, name, seat in zip(clients, ("ann", "ben"), seats, strict=True):
        with pytest.raises(relay_client.RelayUnavailable):
            await client.join(room, name, (), seat)

    for relay in relays:
        await relay.start()

    await until(lambda: [seat.ready for seat in seats] == [1, 1])
    await until(lambda: len(with_room(relays, room)) == 1)
    [relay] = with_room(relays, room)
    assert set(relay.rooms[room]) == {"ann", "ben"}


async def test_closed_room_gives_its_place_back(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    await clients[0].join(room, "ann", (), Seat())

    await clients[0].close_room(room)

    assert not await RelayPlace.objects.aexists()


async def test_leaving_a_room_that_is_on_no_relay_puts_it_on_none(
    clients: list[RelayClient], room: str
) -> None:
    await clients[0].leave(room, "ann")

    assert not await RelayPlace.objects.aexists()


async def test_stopping_the_recording_of_a_room_that_is_on_no_relay_puts_it_on_none(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    await clients[0].stop_recording(room, "over")

    assert not await RelayPlace.objects.aexists()
    assert [relay.asked(protocol.StopRecording) for relay in relays] == [[], []]


async def test_place_lost_under_a_running_call_is_settled_again(
    relays: list[FakeRelay], clients: list[RelayClient], room: str
) -> None:
    """A host ends and reopens within moments; the room's relay dies just then."""
    seat = Seat()
    await clients[0].join(room, "ann", (), seat)
    [old] = with_room(relays, room)
    await RelayPlace.objects.all().adelete()

    await old.stop()

    await until(lambda: seat.ready == 1, limit_s=4)
    place = await RelayPlace.objects.aget()
    assert place.relay != old.url
