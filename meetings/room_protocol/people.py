"""Who is in the room, and who waits at its door."""

import dataclasses
from typing import ClassVar

from meetings.room_protocol.vocabulary import Role, SeatId, Sequence, Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class RosterEntry:
    """One person in the room. `is_connected` is false while their socket is away."""

    seat: SeatId
    display_name: str
    role: Role
    sources: dict[Source, bool]
    is_connected: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class LobbyEntry:
    seat: SeatId
    display_name: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParticipantJoined(RosterEntry):
    type: ClassVar[str] = "participant_joined"
    seq: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParticipantUpdated(RosterEntry):
    type: ClassVar[str] = "participant_updated"
    seq: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParticipantLeft(RosterEntry):
    type: ClassVar[str] = "participant_left"
    seq: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class LobbyChanged:
    """To those who may admit: who waits, first come first."""

    type: ClassVar[str] = "lobby_changed"
    lobby: tuple[LobbyEntry, ...]
