"""What of a room is recorded now, and what was recorded of a meeting."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from crm.selectors import consent
from media_relay.protocol import SOURCES, Source
from meetings.models import Meeting, Recording, RecordingAccess, RecordingTrack, Seat
from meetings.models.choices import SeatRole, SeatState
from meetings.room_protocol import RecordingCard, RecordingChanged, RecordingProgress

Tracks = Mapping[str, tuple[Source, ...]]
"""The sources that may be recorded of each seat."""

_YES_OR_NO: Final = {"granted": True, "withdrawn": False}


@dataclass(frozen=True)
class RecordingPlan:
    """What the relay is to record of one room; `revision` orders plans of one room."""

    recording: str
    revision: int
    trouble: str
    """What keeps the relay from recording, as far as is known here."""
    tracks: Tracks


def running_recording(meeting: Meeting) -> Recording | None:
    return Recording.objects.filter(meeting=meeting, stopped_at=None).first()


def card(meeting: Meeting) -> RecordingCard | None:
    """What everybody in the room is told of the running recording."""
    recording = running_recording(meeting)
    return None if recording is None else _card(recording)


def trouble_of(meeting: Meeting) -> str:
    """Why the running recording is none; empty when it is one, or none runs."""
    recording = running_recording(meeting)
    return "" if recording is None else recording.trouble


def changed_after(meeting: Meeting, after: int) -> RecordingChanged | None:
    """The newest change of the meeting's recordings, unless it is known already."""
    newest = Recording.objects.filter(meeting=meeting, changed_sequence__gt=after).last()
    return None if newest is None else changed(newest)


def changed(recording: Recording) -> RecordingChanged:
    running = _card(recording) if recording.stopped_at is None else None
    return RecordingChanged(seq=recording.changed_sequence, recording=running)


def agrees(seat: Seat) -> bool | None:
    """Whether this seat may be recorded; None while nobody has asked.

    The answer given in the room counts most. Before that it is the box ticked at the registration
    for this very meeting, as long as the person has confirmed it and not taken it back since.
    """
    return _agreements([seat])[seat.pk]


def plans(rooms: Iterable[str]) -> dict[str, RecordingPlan]:
    """For each of these rooms that is being recorded now, what is to be recorded.

    Three queries for all of them, in this order: the seats are at least as new as the revision.
    """
    running = Recording.objects.filter(
        meeting__public_id__in=[UUID(room) for room in rooms],
        stopped_at=None,
        starts_at__lte=timezone.now(),
    )
    recordings = list(running.select_related("meeting"))
    tracks = _tracks([recording.meeting_id for recording in recordings])
    return {
        str(each.meeting.public_id): _plan(each, tracks[each.meeting_id]) for each in recordings
    }


def id_named(name: str) -> UUID | None:
    """The public id that a relay gives as a name; None for what was not named by us."""
    try:
        return UUID(name)
    except ValueError:
        return None


def ended_among(recordings: Iterable[str]) -> list[str]:
    """Which of these are over; what the database does not know is over, too."""
    known = {UUID(name): name for name in recordings}
    running = Recording.objects.filter(public_id__in=known, stopped_at=None)
    return [known[key] for key in known.keys() - set(running.values_list("public_id", flat=True))]


def recordings_of(meeting: Meeting) -> QuerySet[Recording]:
    """Every recording of the meeting with its files as `listed_tracks`, first come first."""
    tracks = RecordingTrack.objects.select_related("seat").order_by("started_at", "pk")
    rows = Recording.objects.filter(meeting=meeting).select_related("started_by")
    return rows.prefetch_related(Prefetch("tracks", tracks, to_attr="listed_tracks"))


def accesses_of(meeting: Meeting) -> QuerySet[RecordingAccess]:
    """Who took files of a meeting's recordings along, the newest first."""
    rows = RecordingAccess.objects.filter(track__recording__meeting=meeting)
    return rows.select_related("user", "track__seat")


def stored_track(meeting: Meeting, public_id: UUID) -> RecordingTrack | None:
    """A file of this very meeting that can be taken along now."""
    rows = RecordingTrack.objects.filter(recording__meeting=meeting, public_id=public_id)
    stored = rows.filter(state=RecordingTrack.State.STORED)
    return stored.select_related("seat", "recording__meeting").first()


def _plan(recording: Recording, tracks: Tracks) -> RecordingPlan:
    return RecordingPlan(
        recording=str(recording.public_id),
        revision=recording.meeting.room_sequence,
        trouble=recording.trouble,
        tracks=tracks,
    )


def _tracks(meetings: Collection[int]) -> dict[int, Tracks]:
    """By meeting: what may be recorded of those on stage."""
    admitted = Seat.objects.filter(meeting__in=meetings, state=SeatState.ADMITTED)
    seats = list(admitted.exclude(role=SeatRole.ATTENDEE).select_related("registration"))
    agreements = _agreements(seats)
    tracks: dict[int, dict[str, tuple[Source, ...]]] = {meeting: {} for meeting in meetings}
    for seat in seats:
        if agreements[seat.pk]:
            tracks[seat.meeting_id][str(seat.public_id)] = SOURCES
    return dict(tracks)


def _agreements(seats: Collection[Seat]) -> dict[int, bool | None]:
    """`agrees` of each, with one query for all."""
    silent = [seat for seat in seats if seat.recording_answer is None]
    points = {seat.pk: point for seat in silent if (point := _point_asked(seat)) is not None}
    states = consent.current_states(points.values(), "recording", "meeting")
    said = {pk: _YES_OR_NO.get(states.get(point, "")) for pk, point in points.items()}
    return {seat.pk: said.get(seat.pk, seat.recording_answer) for seat in seats}


def _point_asked(seat: Seat) -> int | None:
    """The contact point whose box was ticked at the registration for this very meeting."""
    registration = seat.registration
    if registration is None or "recording" not in registration.requested_consents:
        return None
    return registration.contact_point_id


def _card(recording: Recording) -> RecordingCard:
    return RecordingCard(starts_at=recording.starts_at.isoformat(), state=_progress(recording))


def _progress(recording: Recording) -> RecordingProgress:
    if recording.trouble:
        return "refused"
    return "announced" if recording.heard_at is None else "running"
