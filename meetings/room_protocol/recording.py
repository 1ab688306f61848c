"""The recording: start, stop, consent, and how it fares."""

import dataclasses
from typing import ClassVar, Literal, TypeAlias

from meetings.room_protocol.vocabulary import MessageId, Sequence

RecordingProgress: TypeAlias = Literal["announced", "running", "refused"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecordingCard:
    """The recording that was begun; before `starts_at` nothing is recorded yet.

    `announced` until the media server has said that it records; `refused` while it does not.
    """

    starts_at: str
    state: RecordingProgress


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
class RecordingChanged:
    """The meeting is recorded, or (without `recording`) not any more."""

    type: ClassVar[str] = "recording_changed"
    seq: Sequence
    recording: RecordingCard | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecordingStatus:
    """To those who may record: how the recording fares. `no_media`: nobody who agreed sends.

    `refused`: the media server was asked and does not record; the reason says why.
    """

    type: ClassVar[str] = "recording_status"
    state: Literal["recording", "stalled", "disk_low", "stopped", "refused"]
    reason: Literal[
        "", "no_media", "disk", "recording_off", "disk_low", "cannot_record", "relay_away"
    ]
    size_bytes: Sequence
    tracks: Sequence
