"""Recordings: start, stop, how they fare, and their files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from media_relay.protocol.envelope import Answer, Event, Request
from media_relay.protocol.vocabulary import Name, Source, Text

RecordingPhase = Literal["recording", "stalled", "disk_low", "stopped"]
StallReason = Literal["", "no_media", "disk"]
FileState = Literal["recording", "complete", "interrupted"]
FileEnd = Literal["", "stopped", "withdrawn", "source_ended", "new_part", "disk", "killed"]
GapCause = Literal["source", "lost", "disk"]


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
class ListRecordings(Request):
    """Ask for finished files that wait to be fetched, oldest first."""

    TYPE: ClassVar[str] = "list_recordings"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingFiles(Answer):
    """Finished files; `has_more` when the list was cut: fetch and delete these, then ask again."""

    TYPE: ClassVar[str] = "recording_files"
    files: tuple[RecordedFile, ...]
    has_more: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteRecording(Request):
    """Delete a finished file: it was fetched and its checksum is right."""

    TYPE: ClassVar[str] = "delete_recording"
    file: Name
