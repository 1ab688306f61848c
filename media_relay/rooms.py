"""The rooms of the process: opened, found by name, forgotten when everybody has left."""

from collections.abc import Iterable, Iterator

from media_relay.errors import Draining, TooMany, UnknownRoom
from media_relay.events import EventBus
from media_relay.participant import Participant
from media_relay.room import Room
from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint

MAX_ROOMS = 1_000
EMPTY_ROOM_S = 600.0  # a room that everybody left is forgotten after this time


class Rooms:
    """All that are open, by name. To go through them gives a copy: some may close meanwhile."""

    def __init__(
        self, *, endpoint: MediaEndpoint, bus: EventBus, stats: Stats, grace_s: float
    ) -> None:
        self.is_draining = False  # no new rooms are taken
        self._endpoint = endpoint
        self._bus = bus
        self._stats = stats
        self._grace_s = grace_s
        self._open: dict[str, Room] = {}

    def __iter__(self) -> Iterator[Room]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    @property
    def participants(self) -> list[Participant]:
        """Everybody in all rooms."""
        return [entry for room in self._open.values() for entry in room.participants.values()]

    @property
    def has_people(self) -> bool:
        """Somebody is in one of them."""
        return any(room.participants for room in self._open.values())

    def open(self, name: str) -> None:
        """Make the room; twice is harmless."""
        if name in self._open:
            return
        if self.is_draining:
            raise Draining("The relay is about to stop and takes no new rooms.")
        if len(self._open) >= MAX_ROOMS:
            raise TooMany(f"The relay holds at most {MAX_ROOMS} rooms.")
        self._open[name] = Room(name, endpoint=self._endpoint, bus=self._bus, stats=self._stats)

    def close(self, name: str) -> None:
        """Everybody leaves and the room is forgotten; twice is harmless."""
        room = self._open.pop(name, None)
        if room is not None:
            room.close()

    def find(self, name: str) -> Room | None:
        """The room of this name, if there is one."""
        return self._open.get(name)

    def get(self, name: str) -> Room:
        """The room of this name. Raises UnknownRoom."""
        room = self._open.get(name)
        if room is None:
            raise UnknownRoom("The relay has no such room.")
        return room

    def find_participant(self, room: str, name: str) -> Participant | None:
        """The participant of this name, if there is one."""
        found = self._open.get(room)
        return found.participants.get(name) if found is not None else None

    def orphan(self, pairs: Iterable[tuple[str, str]], now: float) -> None:
        """No control connection speaks for these (room, participant) pairs until one joins them."""
        for room, name in pairs:
            participant = self.find_participant(room, name)
            if participant is not None:
                participant.orphaned_at = now

    def tidy(self, room: Room, now: float) -> None:
        """Whoever was not joined again in time leaves; a room that stays empty is forgotten."""
        for participant in list(room.participants.values()):
            since = participant.orphaned_at
            if since is not None and now - since > self._grace_s:
                room.leave(participant.id)
        if room.empty_since is not None and now - room.empty_since > EMPTY_ROOM_S:
            self.close(room.name)
