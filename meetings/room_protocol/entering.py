"""Coming in and leaving: hello and its answers, and why a page's place changes."""

import dataclasses
from typing import ClassVar, Literal, TypeAlias

from meetings.room_protocol.chat import ChatLine
from meetings.room_protocol.media import IceServer
from meetings.room_protocol.people import LobbyEntry, RosterEntry
from meetings.room_protocol.recording import RecordingCard
from meetings.room_protocol.vocabulary import MessageId, Role, SeatId, Sequence

Permission: TypeAlias = Literal[
    "publish_microphone",
    "publish_camera",
    "publish_screen",
    "chat",
    "admit",
    "mute",
    "remove",
    "end",
    "record",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AgendaEntry:
    position: Sequence
    title: str
    duration_min: Sequence
    speaker: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeetingCard:
    public_id: str
    title: str
    kind: str
    agenda: tuple[AgendaEntry, ...]
    starts_at: str
    ends_at: str
    has_lobby: bool
    opens_at: str
    is_live: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Me:
    """`agrees_to_recording` is absent while the person has not said yes or no."""

    seat: SeatId
    role: Role
    display_name: str
    permissions: tuple[Permission, ...]
    agrees_to_recording: bool | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hello:
    """First message of a socket, and again after `admitted`."""

    type: ClassVar[str] = "hello"
    id: MessageId
    resume_seq: Sequence | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Answers `hello`: the whole room as of `seq`."""

    type: ClassVar[str] = "snapshot"
    id: MessageId
    seq: Sequence
    meeting: MeetingCard
    me: Me
    roster: tuple[RosterEntry, ...]
    lobby: tuple[LobbyEntry, ...]
    chat: tuple[ChatLine, ...]
    ice_servers: tuple[IceServer, ...]
    relay: Literal["ready", "lost"]
    recording: RecordingCard | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waiting:
    """Answers `hello` of a seat at the door: in the lobby, where position 1 is next, or before
    the room opens; then `opens_at` says when."""

    type: ClassVar[str] = "waiting"
    id: MessageId
    position: Sequence | None = None
    opens_at: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Admitted:
    """To a waiting page, let in or the room opened: say hello again."""

    type: ClassVar[str] = "admitted"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeetingLive:
    """The rehearsal is over; from here on attendance counts."""

    type: ClassVar[str] = "meeting_live"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replaced:
    """The same seat entered from another tab."""

    type: ClassVar[str] = "replaced"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leave:
    """The person goes; the server closes the socket."""

    type: ClassVar[str] = "leave"
    id: MessageId
