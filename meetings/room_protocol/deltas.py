"""Numbered changes of the room, and how a page catches up on those it missed."""

import dataclasses
from typing import ClassVar, TypeAlias

from meetings.room_protocol.chat import ChatMessage
from meetings.room_protocol.people import ParticipantJoined, ParticipantLeft, ParticipantUpdated
from meetings.room_protocol.recording import RecordingChanged
from meetings.room_protocol.vocabulary import MessageId, Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class RoomAdvanced:
    """The change with this number is not for this reader; it only keeps the count unbroken."""

    type: ClassVar[str] = "room_advanced"
    seq: Sequence


Delta: TypeAlias = (
    ParticipantJoined
    | ParticipantUpdated
    | ParticipantLeft
    | ChatMessage
    | RecordingChanged
    | RoomAdvanced
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fetch:
    """Asks for the numbered messages after `after_seq`."""

    type: ClassVar[str] = "fetch"
    id: MessageId
    after_seq: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Missed:
    """Answers `fetch`. Each entry is a numbered message as it would have arrived (without `v`)."""

    type: ClassVar[str] = "missed"
    id: MessageId
    messages: "tuple[Delta, ...]"
