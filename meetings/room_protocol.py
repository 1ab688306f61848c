"""The messages of the live room, between page and server. PROTOCOL.md beside this file is the
prose, `js/protocol.js` the same names in the browser, the golden files of the tests bind them.
"""

import dataclasses
import re
from typing import Annotated, Any, ClassVar, Final, Literal, Protocol, TypeAlias

from django.utils.translation import gettext as _

from meetings.strict_json import (
    BAD_MESSAGE,
    BAD_TEXT,
    Length,
    Pattern,
    ProtocolError,
    Range,
    dump,
    parse_object,
    read_fields,
    write_fields,
)

__all__ = ["BAD_MESSAGE", "BAD_TEXT", "ProtocolError", "decode", "decode_server", "encode"]

VERSION: Final = 1
MAX_BYTES: Final = 65_536
"""Of one message from a page, in UTF-8."""
MAX_SERVER_BYTES: Final = 1_048_576
"""Of one message to a page: a snapshot with a full roster is the longest."""

CLOSE_BAD_MESSAGE: Final = 4000
CLOSE_NO_SEAT: Final = 4001
CLOSE_FORBIDDEN: Final = 4003
CLOSE_UNKNOWN_MEETING: Final = 4004
CLOSE_TOO_MANY_MESSAGES: Final = 4008
CLOSE_REPLACED: Final = 4009
CLOSE_MEETING_ENDED: Final = 4010
CLOSE_SLOW_READER: Final = 4029
CLOSE_SERVER_RESTARTS: Final = 1012

Source: TypeAlias = Literal["microphone", "camera", "screen", "screen_audio"]
Role: TypeAlias = Literal["host", "co_host", "presenter", "attendee"]
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
UUID_FORM: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MESSAGE_ID_FORM: Final = r"[A-Za-z0-9_-]{1,64}"
MessageId: TypeAlias = Annotated[str, Pattern(MESSAGE_ID_FORM)]
SeatId: TypeAlias = Annotated[str, Pattern(UUID_FORM)]
ClientId: TypeAlias = Annotated[str, Pattern(UUID_FORM)]
Sdp: TypeAlias = Annotated[str, Length(1, 60_000)]
Mid: TypeAlias = Annotated[str, Pattern(r"[A-Za-z0-9._-]{1,16}")]
Sequence: TypeAlias = Annotated[int, Range(0, 2**53 - 1)]
Pixels: TypeAlias = Annotated[int, Range(0, 16_384)]
ChatText: TypeAlias = Annotated[str, Length(1, 4_000)]


class Typed(Protocol):
    """Any message: a dataclass that knows its name on the wire."""

    type: ClassVar[str]


# --- From the page --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hello:
    """First message of a socket, and again after `admitted`."""

    type: ClassVar[str] = "hello"
    id: MessageId
    resume_seq: Sequence | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublishOffer:
    """The page's offer for its publish connection; again for each change of its tracks."""

    type: ClassVar[str] = "publish_offer"
    id: MessageId
    sdp: Sdp
    sources: Annotated[dict[Mid, Source], Length(0, 8)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subscribe:
    """Asks for a new subscribe connection; `subscribe_offer` events follow."""

    type: ClassVar[str] = "subscribe"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class SubscribeAnswer:
    """The page's answer to the offer of this generation."""

    type: ClassVar[str] = "subscribe_answer"
    id: MessageId
    generation: Sequence
    sdp: Sdp


@dataclasses.dataclass(frozen=True, kw_only=True)
class ViewTile:
    """A video on the person's screen, in pixels of the device."""

    seat: SeatId
    source: Source
    width: Pixels
    height: Pixels
    is_stage: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class SetView:
    """All videos that the person sees; what is not listed is not sent."""

    type: ClassVar[str] = "set_view"
    id: MessageId
    tiles: Annotated[tuple[ViewTile, ...], Length(0, 100)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SetSource:
    """The person switched a source of their own on or off."""

    type: ClassVar[str] = "set_source"
    id: MessageId
    source: Source
    enabled: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class SendChat:
    """A line for everybody. The same `client_id` again is the same line."""

    type: ClassVar[str] = "send_chat"
    id: MessageId
    client_id: ClientId
    text: ChatText


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
class Remove:
    """Puts a seat out of the room and keeps it out."""

    type: ClassVar[str] = "remove"
    id: MessageId
    seat: SeatId


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndMeeting:
    """Ends the meeting for everybody."""

    type: ClassVar[str] = "end_meeting"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class StartRecording:
    """Records the meeting, after everybody was told. Whoever sends it agrees to be recorded."""

    type: ClassVar[str] = "start_recording"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class StopRecording:
    """Ends the recording."""

    type: ClassVar[str] = "stop_recording"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class AnswerRecording:
    """What the person says to being recorded; a no takes effect at once."""

    type: ClassVar[str] = "answer_recording"
    id: MessageId
    agrees: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fetch:
    """Asks for the numbered messages after `after_seq`."""

    type: ClassVar[str] = "fetch"
    id: MessageId
    after_seq: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leave:
    """The person goes; the server closes the socket."""

    type: ClassVar[str] = "leave"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ping:
    """Asks whether the server still listens."""

    type: ClassVar[str] = "ping"
    id: MessageId


# --- Parts of the server's messages ---------------------------------------------------------------


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
class ChatLine:
    """A stored line. `display_name` is empty where the reader may not learn the name."""

    seq: Sequence
    seat: SeatId
    display_name: str
    text: str
    sent_at: str
    client_id: ClientId


@dataclasses.dataclass(frozen=True, kw_only=True)
class IceServer:
    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecordingCard:
    """The running recording; before `starts_at` nothing is recorded yet."""

    starts_at: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class OfferedTrack:
    mid: Mid
    seat: SeatId
    source: Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class PathQuality:
    """One direction of a seat's media, over the last seconds; loss before repair."""

    bitrate_kbps: Sequence
    loss_percent: Sequence
    jitter_ms: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeatQuality:
    """Null where the relay does not know. `up` is what the seat sends, `down` what it gets."""

    seat: SeatId
    candidate: Literal["host", "tcp", "relay"] | None
    round_trip_ms: Sequence | None
    up: PathQuality | None
    down: PathQuality | None


# --- From the server: answers ---------------------------------------------------------------------


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
class Ok:
    type: ClassVar[str] = "ok"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pong:
    type: ClassVar[str] = "pong"
    id: MessageId


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublishAnswer:
    type: ClassVar[str] = "publish_answer"
    id: MessageId
    sdp: Sdp


@dataclasses.dataclass(frozen=True, kw_only=True)
class Missed:
    """Answers `fetch`. Each entry is a numbered message as it would have arrived (without `v`)."""

    type: ClassVar[str] = "missed"
    id: MessageId
    messages: "tuple[Delta, ...]"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Error:
    """A request was refused, or (without id) something went wrong."""

    type: ClassVar[str] = "error"
    id: MessageId | None = None
    code: Annotated[str, Pattern(r"[a-z_]{1,40}")]
    sentence: str


# --- From the server: numbered changes of the room ------------------------------------------------


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
class ChatMessage(ChatLine):
    type: ClassVar[str] = "chat_message"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecordingChanged:
    """The meeting is recorded, or (without `recording`) not any more."""

    type: ClassVar[str] = "recording_changed"
    seq: Sequence
    recording: RecordingCard | None = None


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


# --- From the server: events ----------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class LobbyChanged:
    """To those who may admit: who waits, first come first."""

    type: ClassVar[str] = "lobby_changed"
    lobby: tuple[LobbyEntry, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Admitted:
    """To a waiting page, let in or the room opened: say hello again."""

    type: ClassVar[str] = "admitted"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SubscribeOffer:
    """The relay's offer for the subscribe connection, with whom each track belongs to."""

    type: ClassVar[str] = "subscribe_offer"
    generation: Sequence
    sdp: Annotated[str, Length(1, 1_000_000)]
    tracks: tuple[OfferedTrack, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ActiveSpeaker:
    type: ClassVar[str] = "active_speaker"
    seat: SeatId | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class RoomQuality:
    """To hosts and co-hosts only, every few seconds: how well each seat is connected."""

    type: ClassVar[str] = "room_quality"
    seats: tuple[SeatQuality, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TracksMoved:
    """Our sections carry other microphones than the last offer said; all tracks as they are now."""

    type: ClassVar[str] = "tracks_moved"
    tracks: tuple[OfferedTrack, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayersWanted:
    """The sizes of a video of ours that somebody watches, by index from the smallest."""

    type: ClassVar[str] = "layers_wanted"
    source: Source
    layers: tuple[Sequence, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideoName:
    seat: SeatId
    source: Source


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideosPaused:
    """All videos that we see but that our network has no room for."""

    type: ClassVar[str] = "videos_paused"
    videos: tuple[VideoName, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ForceMute:
    """A host switched this source of ours off; `by` is the host's seat."""

    type: ClassVar[str] = "force_mute"
    source: Source
    by: SeatId


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecordingStatus:
    """To those who may record: how the recording fares. `no_media`: nobody who agreed sends."""

    type: ClassVar[str] = "recording_status"
    state: Literal["recording", "stalled", "disk_low", "stopped"]
    reason: Literal["", "no_media", "disk"]
    size_bytes: Sequence
    tracks: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Removed:
    type: ClassVar[str] = "removed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replaced:
    """The same seat entered from another tab."""

    type: ClassVar[str] = "replaced"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeetingLive:
    """The rehearsal is over; from here on attendance counts."""

    type: ClassVar[str] = "meeting_live"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeetingEnded:
    type: ClassVar[str] = "meeting_ended"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RelayLost:
    """Sound and picture are away; chat and roster go on."""

    type: ClassVar[str] = "relay_lost"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RelayReady:
    """Build both peer connections anew."""

    type: ClassVar[str] = "relay_ready"


ClientMessage: TypeAlias = (
    Hello
    | PublishOffer
    | Subscribe
    | SubscribeAnswer
    | SetView
    | SetSource
    | SendChat
    | Admit
    | Deny
    | Mute
    | Remove
    | EndMeeting
    | StartRecording
    | StopRecording
    | AnswerRecording
    | Fetch
    | Leave
    | Ping
)
ServerMessage: TypeAlias = (
    Snapshot
    | Waiting
    | Ok
    | Pong
    | PublishAnswer
    | Missed
    | Error
    | Delta
    | LobbyChanged
    | Admitted
    | SubscribeOffer
    | ActiveSpeaker
    | RoomQuality
    | TracksMoved
    | LayersWanted
    | VideosPaused
    | ForceMute
    | RecordingStatus
    | Removed
    | Replaced
    | MeetingLive
    | MeetingEnded
    | RelayLost
    | RelayReady
)
CLIENT_MESSAGES: Final[dict[str, Any]] = {cls.type: cls for cls in ClientMessage.__args__}
SERVER_MESSAGES: Final[dict[str, Any]] = {cls.type: cls for cls in ServerMessage.__args__}


def encode(message: Typed) -> str:
    """The message as one line of JSON."""
    return dump({"v": VERSION, **write_fields(message)})


def decode(text: str) -> ClientMessage:
    """One message of a page. Raises ProtocolError."""
    return _decode(text, CLIENT_MESSAGES, MAX_BYTES)  # type: ignore[no-any-return]


def decode_server(text: str) -> ServerMessage:
    """One message of the server, for clients in Python. Raises ProtocolError."""
    return _decode(text, SERVER_MESSAGES, MAX_SERVER_BYTES)  # type: ignore[no-any-return]


def _decode(text: str, catalogue: dict[str, Any], max_bytes: int) -> Any:
    fields = parse_object(text, max_bytes=max_bytes)
    message_id = _legible_id(fields)
    version, name = fields.pop("v", None), fields.pop("type", None)
    if type(version) is not int or version != VERSION:
        sentence = _("This page and the server speak different versions. Please reload the page.")
        raise ProtocolError(BAD_MESSAGE, sentence, message_id)
    if not isinstance(name, str) or name not in catalogue:
        raise ProtocolError(BAD_MESSAGE, _("This kind of message is not known."), message_id)
    try:
        return read_fields(catalogue[name], fields)
    except ProtocolError as error:
        raise ProtocolError(error.code, error.sentence, message_id) from error


def _legible_id(fields: dict[str, Any]) -> str | None:
    message_id = fields.get("id")
    if isinstance(message_id, str) and re.fullmatch(MESSAGE_ID_FORM, message_id):
        return message_id
    return None
