"""Events reach the control connections they concern, and only those."""

import json

import pytest

from media_relay.events import EventBus
from media_relay.protocol import ActiveSpeaker, Goodbye, VideosPaused
from media_relay.stats import Stats


class Channel:
    """Remembers what was posted."""

    waiting = 0

    def __init__(self) -> None:
        self.types: list[str] = []

    def post(self, text: str) -> None:
        self.types.append(json.loads(text)["type"])


@pytest.fixture
def bus() -> EventBus:
    return EventBus(Stats())


def open_channels(bus: EventBus, count: int) -> list[Channel]:
    channels = [Channel() for _ in range(count)]
    for channel in channels:
        bus.open(channel)
    return channels


def speaker(room: str) -> ActiveSpeaker:
    return ActiveSpeaker(seq=0, room=room, participant=None)


def test_to_room_once_to_each_connection_with_somebody_in_it(bus: EventBus) -> None:
    first, second, elsewhere = open_channels(bus, 3)
    for name in ("ann", "bob"):
        bus.bind("a", name, first)
    bus.bind("a", "cem", second)
    bus.bind("b", "dan", elsewhere)

    bus.to_room("a", speaker("a"))

    assert (len(first.types), len(second.types), len(elsewhere.types)) == (1, 1, 0)


def test_to_room_nobody_left_reaches_nobody(bus: EventBus) -> None:
    (channel,) = open_channels(bus, 1)
    bus.bind("a", "ann", channel)
    for _ in range(2):
        bus.unbind("a", "ann")

    bus.to_room("a", speaker("a"))

    assert channel.types == []


def test_to_participant_the_connection_that_joined_last(bus: EventBus) -> None:
    first, second = open_channels(bus, 2)
    bus.bind("a", "ann", first)
    bus.bind("a", "ann", second)

    bus.to_participant("a", "ann", VideosPaused(seq=0, room="a", participant="ann", videos=()))

    assert (first.types, second.types) == ([], ["videos_paused"])


def test_close_names_who_lost_their_voice_and_nobody_else(bus: EventBus) -> None:
    first, second = open_channels(bus, 2)
    bus.bind("a", "ann", first)
    bus.bind("a", "bob", second)
    bus.bind("b", "ann", first)

    assert sorted(bus.close(first)) == [("a", "ann"), ("b", "ann")]
    assert bus.close(first) == []

    bus.to_all(Goodbye(seq=0, reason="over"))
    assert (first.types, second.types) == ([], ["goodbye"])
