"""All messages by direction, and by their name on the wire."""

from typing import Any, Final, TypeAlias

from meetings.room_protocol.answers import Error, Ok, Ping, Pong
from meetings.room_protocol.chat import SendChat
from meetings.room_protocol.deltas import Delta, Fetch, Missed
from meetings.room_protocol.entering import (
    Admitted,
    Hello,
    Leave,
    MeetingLive,
    Replaced,
    Snapshot,
    Waiting,
)
from meetings.room_protocol.media import (
    ActiveSpeaker,
    OfferWanted,
    PublishAnswer,
    PublishOffer,
    RelayLost,
    RelayReady,
    SetSource,
    Subscribe,
    SubscribeAnswer,
    SubscribeOffer,
    TracksMoved,
)
from meetings.room_protocol.moderation import (
    Admit,
    Deny,
    EndMeeting,
    ForceMute,
    MeetingEnded,
    Mute,
    Remove,
    Removed,
)
from meetings.room_protocol.people import LobbyChanged
from meetings.room_protocol.quality import RoomQuality
from meetings.room_protocol.recording import (
    AnswerRecording,
    RecordingStatus,
    StartRecording,
    StopRecording,
)
from meetings.room_protocol.talk import TalkTimes
from meetings.room_protocol.viewing import LayersWanted, SetView, VideosPaused

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
    | TalkTimes
    | TracksMoved
    | LayersWanted
    | OfferWanted
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
