"""Starting and stopping a recording, and what a person says to being recorded.

The order is fixed: the notice is stored and announced first, and the relay is asked only once the
notice has stood for NOTICE. Who did not agree is never on the list that the relay gets.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from crm.consent_wordings import current_version
from crm.services import consent
from meetings.models import Meeting, Recording, RecordingAccess, RecordingTrack, Seat
from meetings.models.choices import RecordingPolicy
from meetings.room_permissions import permissions_of
from meetings.selectors import recording as recordings
from meetings.services import fanout
from meetings.services.room_refusals import NotLive, NotPermitted, NotRecordable, RoomClosed
from meetings.services.room_sequence import advance, lock_meeting

if TYPE_CHECKING:
    from crm.models import User

NOTICE: Final = timedelta(seconds=2)
"""How long everybody has read "is being recorded" before the first byte."""


def start(*, by: Seat) -> Recording:
    """Announce a recording; one that runs already is given back. Whoever starts it agrees to it."""
    with transaction.atomic():
        meeting = _lock_for(by)
        if meeting.recording_policy == RecordingPolicy.NEVER:
            raise NotRecordable
        if not meeting.is_live:
            raise NotLive
        running = recordings.running_recording(meeting)
        if running is not None:
            return running
        _write_answer(by, meeting, is_agreeing=True)
        return begin(meeting=meeting, by=by, now=timezone.now())


def begin(*, meeting: Meeting, by: Seat | None, now: datetime) -> Recording:
    """The recording of a meeting whose row is held; `by` None means the meeting's policy."""
    recording = Recording.objects.create(
        meeting=meeting,
        started_by=by,
        starts_at=now + NOTICE,
        delete_on=(now + timedelta(days=settings.RECORDING_RETENTION_DAYS)).date(),
        changed_sequence=advance(meeting),
    )
    fanout.announce_recording(meeting, recordings.changed(recording))
    return recording


def stop(*, by: Seat) -> Recording | None:
    """End the running recording; None when there is none. Its files are fetched by themselves."""
    with transaction.atomic():
        meeting = _lock_for(by)
        return end(meeting=meeting, now=timezone.now())


def end(*, meeting: Meeting, now: datetime) -> Recording | None:
    """End the recording of a meeting whose row is held. Harmless twice."""
    recording = recordings.running_recording(meeting)
    if recording is None:
        return None
    recording.stopped_at, recording.changed_sequence = now, advance(meeting)
    recording.save(update_fields=["stopped_at", "changed_sequence"])
    fanout.announce_recording(meeting, recordings.changed(recording))
    return recording


def note_trouble(*, recording_id: str, trouble: str) -> None:
    """What keeps the relay from recording, told to the hosts once; empty: it records (again).

    Every web process with somebody in the room comes to the same result and may say so. One that
    asked the relay while a host stopped the recording is refused: no trouble of the recording.
    """
    with transaction.atomic():
        rows = Recording.objects.filter(public_id=UUID(recording_id), stopped_at=None)
        if rows.exclude(trouble=trouble).update(trouble=trouble) and trouble:
            fanout.announce_recording_trouble(rows.select_related("meeting").get().meeting)


def note_access(*, track: RecordingTrack, user: "User") -> None:
    """Somebody begins to take a file along."""
    RecordingAccess.objects.create(track=track, user=user)


def answer(*, seat: Seat, is_agreeing: bool) -> None:
    """What the person says to being recorded, from now on. A no ends their files at once."""
    with transaction.atomic():
        meeting = lock_meeting(seat.meeting_id)
        if meeting.is_over:
            raise RoomClosed
        _write_answer(seat, meeting, is_agreeing=is_agreeing)


def _write_answer(seat: Seat, meeting: Meeting, *, is_agreeing: bool) -> None:
    """In the room, and for a guest in the trace of consents. A plan read before is outdated."""
    Seat.objects.filter(pk=seat.pk).update(recording_answer=is_agreeing)
    seat.recording_answer = is_agreeing
    fanout.announce_number(meeting, advance(meeting))
    if seat.registration is not None:
        consent.record(
            contact_point=seat.registration.contact_point,
            purpose="recording",
            channel="meeting",
            state="granted" if is_agreeing else "withdrawn",
            wording_version=current_version("recording"),
            source=meeting.subject_ref,
        )


def _lock_for(by: Seat) -> Meeting:
    meeting = lock_meeting(by.meeting_id)
    by.refresh_from_db(fields=["role", "state"])
    if not by.is_admitted or "record" not in permissions_of(by.role):
        raise NotPermitted
    if meeting.is_over:
        raise RoomClosed
    return meeting
