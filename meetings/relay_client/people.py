"""Those of this process who are on one relay, and whom an event of it concerns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from media_relay import protocol

OF_ONE_PARTICIPANT: Final = (
    protocol.SubscribeOffer,
    protocol.ConnectionStateChanged,
    protocol.TracksMoved,
    protocol.LayersWanted,
    protocol.OfferWanted,
    protocol.VideosPaused,
)
"""Events that concern nobody else in the room."""


class TalkListener(Protocol):
    """Who keeps the talk times of all rooms, also of those that everybody here has just left.
    Called in the event loop; must not wait."""

    def __call__(self, event: protocol.TalkTimes) -> None: ...


class Listener(Protocol):
    """Who speaks for one participant here. Called in the event loop; must not wait."""

    def on_relay_event(self, event: protocol.Event) -> None: ...

    def on_relay_lost(self) -> None: ...

    def on_relay_ready(self) -> None: ...


@dataclass(eq=False)
class Participant:
    """Somebody who was put on this relay, or will be as soon as it is back."""

    listener: Listener
    may_publish: tuple[protocol.Source, ...]
    is_entering: bool = True
    """Whoever asked to join still waits for the answer and needs no other word."""
    is_newcomer: bool = False
    """Came over from another relay and has not been told yet."""


Key = tuple[str, str]
"""Room and name of a participant."""


class People:
    """By room and name."""

    def __init__(self) -> None:
        self._known: dict[Key, Participant] = {}

    def add(self, key: Key, participant: Participant) -> None:
        """From now on; in place of whoever was there before."""
        self._known[key] = participant

    def get(self, key: Key) -> Participant | None:
        return self._known.get(key)

    def forget(self, key: Key, listener: Listener) -> None:
        """Stop listening, unless somebody else has taken the participant over."""
        known = self._known.get(key)
        if known is not None and known.listener is listener:
            del self._known[key]

    def are_in(self, room: str) -> bool:
        return any(in_room == room for in_room, _name in self._known)

    def settled(self) -> dict[Key, Participant]:
        """All but those whose joining is still under way."""
        return {key: known for key, known in self._known.items() if not known.is_entering}

    def release(self, room: str) -> dict[str, Participant]:
        """Give the people of a room away, by name."""
        names = [name for in_room, name in self._known if in_room == room]
        return {name: self._known.pop((room, name)) for name in names}

    def adopt(self, room: str, people: Mapping[str, Participant]) -> None:
        """Take those in whom another relay gave away; they are to be told."""
        for name, known in people.items():
            known.is_newcomer = True
            self._known[room, name] = known

    def tell_ready(self, keys: Iterable[Key]) -> None:
        for known in [self._known.get(key) for key in keys]:
            if known is not None:
                known.is_newcomer = False
                known.listener.on_relay_ready()

    def tell_lost(self) -> None:
        for known in list(self._known.values()):
            known.listener.on_relay_lost()

    def hand_on(self, event: protocol.Event) -> None:
        """To the one whom it concerns, or to all in its room."""
        if isinstance(event, OF_ONE_PARTICIPANT):
            known = self._known.get((event.room, event.participant))
            if known is not None:
                known.listener.on_relay_event(event)
            return
        room = getattr(event, "room", None)
        for (in_room, _name), known in list(self._known.items()):
            if in_room == room:
                known.listener.on_relay_event(event)
