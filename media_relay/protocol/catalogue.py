"""All messages by direction, and by their name on the wire."""

from media_relay.protocol.envelope import Error, Event, Message, Ok, Request
from media_relay.protocol.media import (
    ConnectionStateChanged,
    OfferWanted,
    PausePublication,
    PublicationEnded,
    PublicationStarted,
    PublishAnswer,
    PublishOffer,
    Subscribe,
    SubscribeAnswer,
    SubscribeOffer,
    TracksMoved,
)
from media_relay.protocol.operation import Drain, Goodbye, Hello, InjectFault, Status, StatusReport
from media_relay.protocol.quality import RoomQuality
from media_relay.protocol.recordings import (
    DeleteRecording,
    ListRecordings,
    RecordingFileReady,
    RecordingFiles,
    RecordingState,
    StartRecording,
    StopRecording,
)
from media_relay.protocol.rooms import (
    ActiveSpeaker,
    CloseRoom,
    Joined,
    JoinRoom,
    LeaveRoom,
    OpenRoom,
    SetPermissions,
    TalkTimes,
)
from media_relay.protocol.viewing import LayersWanted, SetView, VideosPaused

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
    OfferWanted,
    VideosPaused,
    Goodbye,
)
MESSAGES: dict[str, type[Message]] = {kind.TYPE: kind for kind in (*REQUESTS, *ANSWERS, *EVENTS)}
