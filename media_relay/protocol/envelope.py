"""What every message of a direction carries, and the two answers that fit any request."""

from dataclasses import dataclass
from typing import ClassVar

from media_relay.errors import ErrorCode
from media_relay.protocol.vocabulary import Name, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Any message; `TYPE` is its name on the wire."""

    TYPE: ClassVar[str] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request(Message):
    """Web to relay; the answer carries the same id."""

    id: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer(Message):
    """Relay to web, one for each request."""

    id: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Event(Message):
    """Relay to web, unasked; `seq` counts all events of this relay process."""

    seq: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ok(Answer):
    """Done."""

    TYPE: ClassVar[str] = "ok"


@dataclass(frozen=True, kw_only=True, slots=True)
class Error(Message):
    """Refused; `id` is null when the request was too broken to have one."""

    TYPE: ClassVar[str] = "error"
    id: Name | None
    code: ErrorCode
    sentence: Text
