"""The tables of the meetings app, one file per subject."""

from meetings.models.chat import ChatMessage
from meetings.models.live_seat import LiveSeat
from meetings.models.meeting import AgendaItem, Meeting
from meetings.models.presence import PresenceInterval
from meetings.models.recording import (
    Recording,
    RecordingAccess,
    RecordingAnswer,
    RecordingTrack,
)
from meetings.models.registration import Registration
from meetings.models.relay_place import RelayPlace
from meetings.models.seat import Seat
from meetings.models.talk_time import TalkTime
from meetings.models.template import MeetingTemplate

__all__ = [
    "AgendaItem",
    "ChatMessage",
    "LiveSeat",
    "Meeting",
    "MeetingTemplate",
    "PresenceInterval",
    "Recording",
    "RecordingAccess",
    "RecordingAnswer",
    "RecordingTrack",
    "Registration",
    "RelayPlace",
    "Seat",
    "TalkTime",
]
