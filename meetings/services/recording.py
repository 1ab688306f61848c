"""Starting and stopping a recording, and what a person says to being recorded.

The order is fixed: the notice is stored and announced first, and the relay is asked only once the
notice has stood for NOTICE. Who did not agree is never on the list that the relay gets.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.consent_wordings import current_version
from crm.services import consent
from meetings.models import (
    Meeting,
    Recording,
    RecordingAccess,
    RecordingAnswer,
    RecordingTrack,
    Seat,
)
from meetings.models.choices import RecordingPolicy, RecordingTrouble
from meetings.room_permissions import permissions_of
from meetings.selectors import recording as recordings
from meetings.services import fanout
from meetings.services.room_refusals import NotLive, NotPermitted, NotRecordable, RoomClosed
from meetings.services.room_sequence import advance, lock_meeting

if TYPE_CHECKING:
    from crm.models import User

NOTICE: Final = timedelta(seconds=2)
"""How long everybody has read that it will be recorded before the first byte."""
GOES_ON: Final = timedelta(hours=1)
"""So long the parts of a file count as one download; later ones are written down again."""
FIRST_WORD: Final = timedelta(seconds=10)
"""A relay that says nothing for so long after a recording should have begun does not record."""
WORD_HOLDS: Final = timedelta(seconds=60)
"""So long after its last word a relay may still write: it is asked again after 10 s and a tick of
2 s, and may be cut off just before. It notices by an unanswered ping (5 + 10 s, and 1 s to close),
lets people go after its grace time (30 s), and looks for such people once a second: 59 s. Only then
is it true that nobody is being recorded."""


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


def note_word(*, recording_id: str, trouble: str, heard_at: datetime) -> None:
    """What a relay said at `heard_at`: why it does not record, or (empty) that it does.

    Every web process with somebody in the room asks; the newest answer counts, whoever got it.
    One that asked while a host stopped the recording is refused: no trouble of the recording.
    """
    older = _running(recording_id).filter(Q(heard_at=None) | Q(heard_at__lt=heard_at))
    is_known = {"trouble": trouble, "heard_at__isnull": False}
    if not older.filter(**is_known).update(heard_at=heard_at):
        _change(older, trouble=trouble, heard_at=heard_at)


def note_silence(*, recording_id: str, now: datetime) -> None:
    """A web process does not reach the relay.

    That says nothing by itself: another process may hear it, and a relay that nobody reaches writes
    on for a while. It counts once nobody has had a word for long enough.
    """
    never = Q(heard_at=None, starts_at__lt=now - FIRST_WORD)
    is_silent = never | Q(heard_at__lt=now - WORD_HOLDS)
    rows = _running(recording_id).exclude(trouble=RecordingTrouble.RELAY_AWAY).filter(is_silent)
    _change(rows, trouble=RecordingTrouble.RELAY_AWAY)


def _running(recording_id: str) -> QuerySet[Recording]:
    return Recording.objects.filter(public_id=UUID(recording_id), stopped_at=None)


def _change(rows: QuerySet[Recording], **fields: Any) -> None:
    """Change the recording if it is still among these rows; the room is told, hosts also why."""
    recording = rows.first()
    if recording is None:
        return
    with transaction.atomic():
        meeting = lock_meeting(recording.meeting_id)
        if not rows.update(**fields):
            return
        recording.refresh_from_db()
        recording.changed_sequence = advance(meeting)
        recording.save(update_fields=["changed_sequence"])
        fanout.announce_recording(meeting, recordings.changed(recording))
        if recording.trouble:
            fanout.announce_recording_trouble(meeting)


def note_access(*, track: RecordingTrack, user: "User", is_beginning: bool) -> None:
    """Somebody takes a file along, or a later part of it.

    Browsers fetch a long file in parts and go on where a line broke: such parts belong to the
    access that stands already, as long as it is GOES_ON old at most. Whatever else is asked for
    counts, from whichever byte.
    """
    last = RecordingAccess.objects.filter(track=track, user=user)
    is_going_on = last.filter(occurred_at__gt=timezone.now() - GOES_ON).exists()
    if is_beginning or not is_going_on:
        RecordingAccess.objects.create(track=track, user=user)


def answer(*, seat: Seat, is_agreeing: bool) -> None:
    """What the person says to being recorded, from now on. A no ends their files at once."""
    with transaction.atomic():
        meeting = lock_meeting(seat.meeting_id)
        if meeting.is_over:
            raise RoomClosed
        _write_answer(seat, meeting, is_agreeing=is_agreeing)


def _write_answer(seat: Seat, meeting: Meeting, *, is_agreeing: bool) -> None:
    """In the room, and for a guest in the trace of consents. A plan read before is outdated.

    When somebody said no is what their finished files are measured by: see `refused_files`.
    """
    others = Seat.objects.filter(pk=seat.pk).exclude(recording_answer=is_agreeing)
    if others.update(recording_answer=is_agreeing):
        RecordingAnswer.objects.create(seat=seat, is_agreeing=is_agreeing)
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
