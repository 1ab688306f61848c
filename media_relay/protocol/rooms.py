"""Rooms and who is in them: open, join, leave, speak."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from media_relay.protocol.envelope import Answer, Event, Request
from media_relay.protocol.media import PublicationInfo
from media_relay.protocol.vocabulary import Name, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomInfo:
    """One room in the snapshot of `hello`."""

    room: Name
    participants: tuple[Name, ...]
    publications: tuple[PublicationInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRoom(Request):
    """Make a room, or find it open already."""

    TYPE: ClassVar[str] = "open_room"
    room: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseRoom(Request):
    """End a room for everybody in it."""

    TYPE: ClassVar[str] = "close_room"
    room: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinRoom(Request):
    """Put a participant into a room and bind its events to this control connection."""

    TYPE: ClassVar[str] = "join_room"
    room: Name
    participant: Name
    may_publish: tuple[Source, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined(Answer):
    """Joined; what others publish in the room now."""

    TYPE: ClassVar[str] = "joined"
    publications: tuple[PublicationInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaveRoom(Request):
    """Take a participant out: connections closed, publications ended."""

    TYPE: ClassVar[str] = "leave_room"
    room: Name
    participant: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class SetPermissions(Request):
    """Replace what a participant may publish; what is no longer allowed ends at once."""

    TYPE: ClassVar[str] = "set_permissions"
    room: Name
    participant: Name
    may_publish: tuple[Source, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ActiveSpeaker(Event):
    """Who speaks now; null when nobody does."""

    TYPE: ClassVar[str] = "active_speaker"
    room: Name
    participant: Name | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TalkTimes(Event):
    """How long each participant has talked in this room, in seconds since the relay opened it.

    `tally` names this opening: times of one tally replace each other, those of several add up.
    """

    TYPE: ClassVar[str] = "talk_times"
    room: Name
    tally: Name
    seconds: Mapping[Name, float]
