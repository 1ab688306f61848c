"""What hosts do to others: let in, turn away, mute, remove, end."""

import dataclasses
from typing import ClassVar

from meetings.room_protocol.vocabulary import MessageId, SeatId, Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class Admit:
    """Lets a waiting seat in."""

    type: ClassVar[str] = "admit"
    id: MessageId
    seat: SeatId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deny:
    """Turns a waiting seat away."""

    type: ClassVar[str] = "deny"
    id: MessageId
    seat: SeatId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mute:
    """Switches a source of another seat off; its person may switch it on again."""

    type: ClassVar[str] = "mute"
    id: MessageId
    seat: SeatId
    source: Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForceMute:
    """A host switched this source of ours off; `by` is the host's seat."""

    type: ClassVar[str] = "force_mute"
    source: Source
    by: SeatId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remove:
    """Puts a seat out of the room and keeps it out."""

    type: ClassVar[str] = "remove"
    id: MessageId
    seat: SeatId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Removed:
    type: ClassVar[str] = "removed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndMeeting:
    """Ends the meeting for everybody."""

    type: ClassVar[str] = "end_meeting"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeetingEnded:
    type: ClassVar[str] = "meeting_ended"
