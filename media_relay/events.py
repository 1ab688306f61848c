"""Numbered events, each to the control connections that it concerns."""

from dataclasses import replace
from typing import Protocol

from media_relay.protocol import Event, encode
from media_relay.stats import Stats


class ControlChannel(Protocol):
    """An open control connection; posting never waits."""

    @property
    def waiting(self) -> int:
        """Messages that were posted and have not left."""

    def post(self, text: str) -> None:
        """Queue one message for sending."""


class EventBus:
    """Stamps each event with the relay-wide number and finds who is to hear it."""

    def __init__(self, stats: Stats) -> None:
        self.last_seq = 0
        self._stats = stats
        self._channels: set[ControlChannel] = set()
        self._bound: dict[str, dict[str, ControlChannel]] = {}  # by room and participant

    @property
    def has_channels(self) -> bool:
        """Somebody hears what is said here."""
        return bool(self._channels)

    @property
    def waiting(self) -> int:
        """Messages on their way to all control connections."""
        return sum(channel.waiting for channel in self._channels)

    def open(self, channel: ControlChannel) -> None:
        """A control connection came up."""
        self._channels.add(channel)

    def close(self, channel: ControlChannel) -> list[tuple[str, str]]:
        """A control connection is gone: the (room, participant) pairs that lost their voice."""
        self._channels.discard(channel)
        orphans = [
            (room, participant)
            for room, bound in self._bound.items()
            for participant, to in bound.items()
            if to is channel
        ]
        for room, participant in orphans:
            self.unbind(room, participant)
        return orphans

    def bind(self, room: str, participant: str, channel: ControlChannel) -> None:
        """Events of this participant go to this connection from now on."""
        self._bound.setdefault(room, {})[participant] = channel

    def unbind(self, room: str, participant: str) -> None:
        """The participant left."""
        bound = self._bound.get(room, {})
        bound.pop(participant, None)
        if not bound:
            self._bound.pop(room, None)

    def to_participant(self, room: str, participant: str, event: Event) -> None:
        """To the connection that last joined the participant."""
        channel = self._bound.get(room, {}).get(participant)
        text = self._stamp(event)
        if channel is not None:
            channel.post(text)

    def to_room(self, room: str, event: Event) -> None:
        """Once to every connection with a participant in the room."""
        text = self._stamp(event)
        for channel in set(self._bound.get(room, {}).values()):
            channel.post(text)

    def to_all(self, event: Event) -> None:
        """To every control connection."""
        text = self._stamp(event)
        for channel in self._channels:
            channel.post(text)

    def _stamp(self, event: Event) -> str:
        self.last_seq += 1
        self._stats.events += 1
        return encode(replace(event, seq=self.last_seq))
