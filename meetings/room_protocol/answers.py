"""What fits any request: done, refused, still there."""

import dataclasses
from typing import Annotated, ClassVar

from meetings.room_protocol.vocabulary import MessageId
from meetings.strict_json import Pattern


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ok:
    type: ClassVar[str] = "ok"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Error:
    """A request was refused, or (without id) something went wrong."""

    type: ClassVar[str] = "error"
    id: MessageId | None = None
    code: Annotated[str, Pattern(r"[a-z_]{1,40}")]
    sentence: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ping:
    """Asks whether the server still listens."""

    type: ClassVar[str] = "ping"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pong:
    type: ClassVar[str] = "pong"
    id: MessageId
