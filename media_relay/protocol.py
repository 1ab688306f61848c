"""The control protocol between web and relay: typed messages, one strict reader, one writer.

PROTOCOL.md tells the same story for people; the golden files below `tests/protocol/` hold both
to it. This module imports nothing of the relay but its errors, so that the web process may use it.
"""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from math import isfinite
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NoReturn,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from media_relay.errors import ErrorCode, ProtocolError

VERSION = 1
MAX_MESSAGE_BYTES = 1_048_576
MAX_SDP_CHARS = 131_072
MAX_DEPTH = 6
MAX_INTEGER = 2**53 - 1  # what JavaScript can count to

Source = Literal["microphone", "camera", "screen", "screen_audio"]
ConnectionKind = Literal["publish", "subscribe"]
ConnectionState = Literal["connecting", "connected", "disconnected", "closed"]
RecordingPhase = Literal["recording", "stalled", "disk_low", "stopped"]
StallReason = Literal["", "no_media", "disk"]
FileState = Literal["recording", "complete", "interrupted"]
FileEnd = Literal["", "stopped", "withdrawn", "source_ended", "new_part", "disk", "killed"]
GapCause = Literal["source", "lost", "disk"]
CandidateType = Literal["host", "tcp", "relay"]
SOURCES: tuple[Source, ...] = get_args(Source)
ERROR_CODES: tuple[ErrorCode, ...] = get_args(ErrorCode)


@dataclass(frozen=True)
class Chars:
    """How many characters a text may have."""

    least: int
    most: int


Name = Annotated[str, Chars(1, 128)]
Text = Annotated[str, Chars(0, 2000)]
Sdp = Annotated[str, Chars(1, MAX_SDP_CHARS)]


# --- parts of messages -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicationInfo:
    """One source of one participant, as others may watch it."""

    publication: Name
    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackInfo:
    """Which publication a media section (`mid`) of a subscribe offer carries."""

    mid: Name
    publication: Name
    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class PathFault:
    """How bad one direction of the network is; 0 means not at all."""

    loss_percent: float
    delay_ms: int
    cap_bps: int  # for each address, with a queue of 200 ms


@dataclass(frozen=True, kw_only=True, slots=True)
class PathQuality:
    """One direction between a participant and the relay, over the last seconds."""

    bitrate_bps: int
    loss_percent: float  # of the network, before repair
    jitter_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ParticipantQuality:
    """Null where nothing is known: no connection, or no report yet."""

    participant: Name
    candidate: CandidateType | None
    round_trip_ms: float | None
    up: PathQuality | None
    down: PathQuality | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewTile:
    """A video on a viewer's screen, in pixels of the device; 0 by 0 is hidden."""

    participant: Name
    source: Source
    width: int
    height: int
    is_stage: bool  # the one the viewer looks at: before all other tiles


@dataclass(frozen=True, kw_only=True, slots=True)
class VisibleVideo:
    """A video by its name."""

    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomInfo:
    """One room in the snapshot of `hello`."""

    room: Name
    participants: tuple[Name, ...]
    publications: tuple[PublicationInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingGap:
    """A stretch of a file without frames: off or away, lost on the way, or refused by the disk."""

    at_s: float
    duration_s: float
    cause: GapCause


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockPoint:
    """A sender report: a place in the file, the sender's wall clock there, when it arrived."""

    at_s: float
    sender_s: float
    arrived_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedFile:
    """One file: a track of a recording, or one of its parts. Times of day are Unix seconds."""

    file: Name
    recording: Name
    room: Name
    participant: Name
    source: Source
    codec: Name
    media_type: Text
    state: FileState
    ended: FileEnd
    started_at: float
    duration_s: float
    bytes: int
    sha256: Text
    gaps: tuple[RecordingGap, ...]
    clock: tuple[ClockPoint, ...]


# --- what every message of a direction shares --------------------------------------------------


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


# --- requests ----------------------------------------------------------------------------------


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
class PublishOffer(Request):
    """The browser's offer of its publish connection; `sources` names each sending section."""

    TYPE: ClassVar[str] = "publish_offer"
    room: Name
    participant: Name
    sdp: Sdp
    sources: Mapping[Name, Source]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscribe(Request):
    """Make the subscribe connection anew; offers follow as events."""

    TYPE: ClassVar[str] = "subscribe"
    room: Name
    participant: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscribeAnswer(Request):
    """The browser's answer to the offer of this generation."""

    TYPE: ClassVar[str] = "subscribe_answer"
    room: Name
    participant: Name
    generation: int
    sdp: Sdp


@dataclass(frozen=True, kw_only=True, slots=True)
class SetView(Request):
    """All tiles that a viewer sees; what is not listed is hidden and sends nothing."""

    TYPE: ClassVar[str] = "set_view"
    room: Name
    participant: Name
    tiles: tuple[ViewTile, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PausePublication(Request):
    """Stop or resume forwarding one source; the publication itself stays."""

    TYPE: ClassVar[str] = "pause_publication"
    room: Name
    participant: Name
    source: Source
    paused: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StartRecording(Request):
    """Record these sources of these participants and nothing else; again with another choice
    replaces it, and what is no longer chosen ends at once. The highest `revision` counts."""

    TYPE: ClassVar[str] = "start_recording"
    room: Name
    recording: Name
    revision: int
    tracks: Mapping[Name, tuple[Source, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class StopRecording(Request):
    """End the recording; its files follow as events."""

    TYPE: ClassVar[str] = "stop_recording"
    room: Name
    recording: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRecordings(Request):
    """Ask for finished files that wait to be fetched, oldest first."""

    TYPE: ClassVar[str] = "list_recordings"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteRecording(Request):
    """Delete a finished file: it was fetched and its checksum is right."""

    TYPE: ClassVar[str] = "delete_recording"
    file: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Status(Request):
    """Ask for the relay's figures."""

    TYPE: ClassVar[str] = "status"


@dataclass(frozen=True, kw_only=True, slots=True)
class Drain(Request):
    """Take no new rooms from now on, until the process is started anew."""

    TYPE: ClassVar[str] = "drain"


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectFault(Request):
    """For tests: make the network bad, in place of whatever was wrong with it before."""

    TYPE: ClassVar[str] = "inject_fault"
    room: Name | None  # null, with participant null: everybody
    participant: Name | None
    seed: int
    incoming: PathFault
    outgoing: PathFault
    is_cut: bool  # nothing passes in either direction
    answers_stun: bool
    answers_control: bool  # this request is answered in any case


# --- answers -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Ok(Answer):
    """Done."""

    TYPE: ClassVar[str] = "ok"


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined(Answer):
    """Joined; what others publish in the room now."""

    TYPE: ClassVar[str] = "joined"
    publications: tuple[PublicationInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishAnswer(Answer):
    """The relay's answer to a publish offer."""

    TYPE: ClassVar[str] = "publish_answer"
    sdp: Sdp


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingFiles(Answer):
    """Finished files; `has_more` when the list was cut: fetch and delete these, then ask again."""

    TYPE: ClassVar[str] = "recording_files"
    files: tuple[RecordedFile, ...]
    has_more: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusReport(Answer):
    """The relay's figures; counters only rise while the process (`epoch`) lives."""

    TYPE: ClassVar[str] = "status_report"
    relay: Name
    epoch: Name
    version: Name
    uptime_s: float
    is_draining: bool
    rooms: int
    participants: int
    publications: int
    subscriptions: int
    loop_lag_ms: float
    packets_per_s: float
    cpu_s: float
    memory_bytes: int
    open_files: int
    queues: Mapping[Name, int]
    counters: Mapping[Name, int]
    drops: Mapping[Name, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Error(Message):
    """Refused; `id` is null when the request was too broken to have one."""

    TYPE: ClassVar[str] = "error"
    id: Name | None
    code: ErrorCode
    sentence: Text


# --- events ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello(Event):
    """First on each control connection: who the relay is and all it holds."""

    TYPE: ClassVar[str] = "hello"
    relay: Name
    epoch: Name
    version: Name
    rooms: tuple[RoomInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscribeOffer(Event):
    """The relay's offer for a participant's subscribe connection."""

    TYPE: ClassVar[str] = "subscribe_offer"
    room: Name
    participant: Name
    generation: int
    sdp: Sdp
    tracks: tuple[TrackInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicationStarted(Event):
    """A participant publishes a source."""

    TYPE: ClassVar[str] = "publication_started"
    room: Name
    publication: Name
    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicationEnded(Event):
    """A publication is over."""

    TYPE: ClassVar[str] = "publication_ended"
    room: Name
    publication: Name
    participant: Name
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionStateChanged(Event):
    """A participant's media connection came up, went silent, or is gone."""

    TYPE: ClassVar[str] = "connection_state"
    room: Name
    participant: Name
    connection: ConnectionKind
    state: ConnectionState


@dataclass(frozen=True, kw_only=True, slots=True)
class ActiveSpeaker(Event):
    """Who speaks now; null when nobody does."""

    TYPE: ClassVar[str] = "active_speaker"
    room: Name
    participant: Name | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingState(Event):
    """How a recording fares, every two seconds: bytes on the disk, tracks being written."""

    TYPE: ClassVar[str] = "recording_state"
    room: Name
    recording: Name
    state: RecordingPhase
    reason: StallReason
    bytes: int
    tracks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingFileReady(Event):
    """A file is finished and may be fetched."""

    TYPE: ClassVar[str] = "recording_file"
    file: RecordedFile


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomQuality(Event):
    """Every few seconds: how well each participant with a connection is heard and hears."""

    TYPE: ClassVar[str] = "room_quality"
    room: Name
    participants: tuple[ParticipantQuality, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TracksMoved(Event):
    """To a viewer: its sections carry other microphones than the last offer said."""

    TYPE: ClassVar[str] = "tracks_moved"
    room: Name
    participant: Name
    tracks: tuple[TrackInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TalkTimes(Event):
    """How long each participant has talked in this room, in seconds since the relay opened it."""

    TYPE: ClassVar[str] = "talk_times"
    room: Name
    seconds: Mapping[Name, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class LayersWanted(Event):
    """To a publisher: the layers of a source that somebody watches, by index from the smallest."""

    TYPE: ClassVar[str] = "layers_wanted"
    room: Name
    participant: Name
    source: Source
    layers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class VideosPaused(Event):
    """To a viewer: all visible videos that its network has no room for."""

    TYPE: ClassVar[str] = "videos_paused"
    room: Name
    participant: Name
    videos: tuple[VisibleVideo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Goodbye(Event):
    """The relay stops; every room of it ends."""

    TYPE: ClassVar[str] = "goodbye"
    reason: Text


REQUESTS: tuple[type[Request], ...] = (
    OpenRoom,
    CloseRoom,
    JoinRoom,
    LeaveRoom,
    SetPermissions,
    PublishOffer,
    Subscribe,
    SubscribeAnswer,
    SetView,
    PausePublication,
    StartRecording,
    StopRecording,
    ListRecordings,
    DeleteRecording,
    Status,
    Drain,
    InjectFault,
)
ANSWERS: tuple[type[Message], ...] = (
    Ok,
    Joined,
    PublishAnswer,
    RecordingFiles,
    StatusReport,
    Error,
)
EVENTS: tuple[type[Event], ...] = (
    Hello,
    SubscribeOffer,
    PublicationStarted,
    PublicationEnded,
    ConnectionStateChanged,
    ActiveSpeaker,
    RecordingState,
    RecordingFileReady,
    RoomQuality,
    TracksMoved,
    TalkTimes,
    LayersWanted,
    VideosPaused,
    Goodbye,
)
MESSAGES: dict[str, type[Message]] = {kind.TYPE: kind for kind in (*REQUESTS, *ANSWERS, *EVENTS)}


# --- writing -----------------------------------------------------------------------------------


def encode(message: Message) -> str:
    """The message as one line of JSON, keys in the order of its dataclass."""
    body = {"v": VERSION, "type": message.TYPE, **_plain_fields(message)}
    return json.dumps(body, allow_nan=False, separators=(",", ":"))


def _plain_fields(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


# --- reading -----------------------------------------------------------------------------------

M = TypeVar("M")
Reader = Callable[[Any, str], Any]


def decode(text: str) -> Message:
    """The message in `text`. Raises ProtocolError whose code names the first rule broken."""
    body = _parse(text)
    version = body.pop("v", None)
    if type(version) is not int or version != VERSION:
        raise ProtocolError("bad_version", f"The message must carry v: {VERSION}.")
    name = body.pop("type", None)
    kind = MESSAGES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError("unknown_type", "There is no message of this type.")
    return _read_object(kind, body, kind.TYPE)


def read_request_id(text: str) -> str | None:
    """The id of a message that `decode` refused, so that its sender can be told which one."""
    try:
        value = _parse(text).get("id")
    except ProtocolError:
        return None
    return value if isinstance(value, str) and 1 <= len(value) <= 128 else None


def _parse(text: str) -> dict[str, Any]:
    # A character takes at least one byte: the length refuses most before anything is copied.
    if len(text) > MAX_MESSAGE_BYTES or len(text.encode("utf-8", "replace")) > MAX_MESSAGE_BYTES:
        raise ProtocolError("too_large", f"A message has at most {MAX_MESSAGE_BYTES} bytes.")
    try:
        body = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise ProtocolError("bad_json", "The message is not JSON.") from error
    if not isinstance(body, dict):
        raise ProtocolError("bad_json", "The message must be one JSON object.")
    _check_depth(body, MAX_DEPTH)
    return body


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ProtocolError("duplicate_key", "An object names a key twice.")
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ProtocolError("bad_number", f"{name} is not a JSON number.")


def _too_deep() -> ProtocolError:
    return ProtocolError("too_deep", f"A message is nested at most {MAX_DEPTH} levels deep.")


def _check_depth(value: Any, levels_left: int) -> None:
    if not isinstance(value, dict | list):
        return
    if levels_left == 0:
        raise _too_deep()
    for item in value.values() if isinstance(value, dict) else value:
        _check_depth(item, levels_left - 1)


def _read_object(kind: type[M], body: Any, path: str) -> M:
    if not isinstance(body, dict):
        raise _bad_field(path, "an object")
    readers = READERS[kind]
    unknown = body.keys() - readers.keys()
    if unknown:
        raise ProtocolError("unknown_field", f"{path} has no field {min(unknown)!r}.")
    missing = readers.keys() - body.keys()
    if missing:
        raise ProtocolError("missing_field", f"{path} lacks the field {min(missing)!r}.")
    return kind(**{name: read(body[name], f"{path}.{name}") for name, read in readers.items()})


def _bad_field(path: str, wanted: str) -> ProtocolError:
    return ProtocolError("bad_field", f"{path} must be {wanted}.")


def _text_reader(limits: Chars) -> Reader:
    def read(value: Any, path: str) -> str:
        if not isinstance(value, str) or not limits.least <= len(value) <= limits.most:
            raise _bad_field(path, f"a text of {limits.least} to {limits.most} characters")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise _bad_field(path, "a text without lone surrogates") from None
        return value

    return read


def _read_integer(value: Any, path: str) -> int:
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise _bad_field(path, "a whole number from 0")
    return value


def _read_number(value: Any, path: str) -> float:
    if type(value) not in {int, float} or not isfinite(value) or value < 0:
        raise _bad_field(path, "a finite number from 0")
    return float(value)


def _read_truth(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _bad_field(path, "true or false")
    return value


def _choice_reader(words: tuple[str, ...]) -> Reader:
    def read(value: Any, path: str) -> str:
        if not isinstance(value, str) or value not in words:
            raise _bad_field(path, f"one of {', '.join(words)}")
        return value

    return read


def _list_reader(read_item: Reader) -> Reader:
    def read(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _bad_field(path, "a list")
        return tuple(read_item(item, f"{path}[{index}]") for index, item in enumerate(value))

    return read


def _mapping_reader(read_key: Reader, read_value: Reader) -> Reader:
    def read(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _bad_field(path, "an object")
        return {read_key(key, f"{path} key"): read_value(item, path) for key, item in value.items()}

    return read


def _optional_reader(read_value: Reader) -> Reader:
    return lambda value, path: None if value is None else read_value(value, path)


def _object_reader(kind: type[Any]) -> Reader:
    return lambda value, path: _read_object(kind, value, path)


def _reader_for(annotation: Any) -> Reader:
    """The reader of one field's type; raises KeyError at import for a type it does not know."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _text_reader(arguments[1])
    if origin is Literal:
        return _choice_reader(arguments)
    if origin is tuple:
        return _list_reader(_reader_for(arguments[0]))
    if origin is Mapping:
        return _mapping_reader(_reader_for(arguments[0]), _reader_for(arguments[1]))
    if origin in {Union, types.UnionType}:
        return _optional_reader(_reader_for(arguments[0]))
    if is_dataclass(annotation):
        return _object_reader(annotation)  # type: ignore[arg-type]
    return {int: _read_integer, float: _read_number, bool: _read_truth}[annotation]


def _readers_of(kind: type[Any]) -> dict[str, Reader]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: _reader_for(hints[field.name]) for field in fields(kind)}


READERS: dict[type[Any], dict[str, Reader]] = {
    kind: _readers_of(kind)
    for kind in (
        PublicationInfo,
        TrackInfo,
        ViewTile,
        VisibleVideo,
        PathFault,
        RecordingGap,
        ClockPoint,
        RecordedFile,
        PathQuality,
        ParticipantQuality,
        RoomInfo,
        *MESSAGES.values(),
    )
}
