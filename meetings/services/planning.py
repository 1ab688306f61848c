"""Planning, moving and cancelling an appointment, and telling those who registered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation

from crm.services import deliveries
from meetings.models import AgendaItem, Meeting, MeetingTemplate
from meetings.models.choices import MeetingKind, MeetingState
from meetings.models.template import weights_add_up
from meetings.permissions import can_change, can_plan
from meetings.services.access import ensure_host_seat
from meetings.services.local_time import find_zone
from meetings.services.refusals import BadTimes, BadWeights, NoLongerPlanned, NotAllowed

if TYPE_CHECKING:
    from crm.models import User


@dataclass(frozen=True)
class AgendaPoint:
    """One point of an agenda that is about to be written."""

    title: str
    duration_min: int
    speaker: str = ""


@dataclass(frozen=True)
class Defaults:
    """What a kind of meeting starts with."""

    duration_min: int
    capacity: int
    visibility: str
    has_lobby: bool
    recording_policy: str
    weights: dict[str, str]
    agenda: tuple[AgendaPoint, ...]


def defaults_for(*, kind: str) -> Defaults:
    """The defaults of the kind's template, its agenda in the active language."""
    template = MeetingTemplate.objects.filter(kind=kind, is_default=True).first()
    if template is None:  # somebody deleted it: the table's own defaults are sensible too
        template = MeetingTemplate(kind=kind)
    language = translation.get_language() or "en"
    return Defaults(
        duration_min=template.duration_min,
        capacity=template.capacity,
        visibility=template.visibility,
        has_lobby=template.has_lobby,
        recording_policy=template.recording_policy,
        weights=dict(template.weights),
        agenda=tuple(
            AgendaPoint(
                title=item["title"].get(language) or item["title"]["en"],
                duration_min=item["duration_min"],
            )
            for item in template.agenda
        ),
    )


def plan(
    *,
    planned_by: "User",
    meeting: Meeting,
    agenda: Iterable[AgendaPoint] | None = None,
    co_hosts: Sequence["User"] = (),
) -> Meeting:
    """Save a new meeting. `meeting` is an unsaved row with what was entered; what matters and is
    missing (team, agenda) comes from the host and from the kind's template.

    Raises NotAllowed, BadTimes, UnknownZone, BadWeights.
    """
    if not can_plan(planned_by):
        raise NotAllowed
    _check(meeting)
    meeting.created_by = planned_by
    meeting.team = meeting.team or meeting.host.team
    points = _agenda_of_kind(meeting) if agenda is None else tuple(agenda)
    with transaction.atomic():
        meeting.save()
        meeting.co_hosts.set(co_hosts)
        set_agenda(meeting=meeting, points=points)
        for person in (meeting.host, *co_hosts):
            ensure_host_seat(meeting=meeting, user=person)
    return meeting


def _agenda_of_kind(meeting: Meeting) -> tuple[AgendaPoint, ...]:
    """In the meeting's language: its guests read it, not only who plans."""
    with translation.override(meeting.language):
        return defaults_for(kind=meeting.kind).agenda


def new_meeting(
    *,
    kind: str,
    title: str,
    host: "User",
    starts_at: datetime,
    ends_at: datetime,
    time_zone: str,
    **fields: object,
) -> Meeting:
    """An unsaved meeting with the defaults of its kind; `fields` overrides them."""
    defaults = defaults_for(kind=MeetingKind(kind))
    values: dict[str, object] = {
        "capacity": defaults.capacity,
        "visibility": defaults.visibility,
        "has_lobby": defaults.has_lobby,
        "recording_policy": defaults.recording_policy,
        "weights": defaults.weights,
        "language": host.language,
        **fields,
    }
    return Meeting(
        kind=kind,
        title=title,
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        time_zone=time_zone,
        **values,
    )


def set_agenda(*, meeting: Meeting, points: Iterable[AgendaPoint]) -> None:
    """Replace the agenda by `points`, in their order."""
    with transaction.atomic():
        meeting.agenda.all().delete()
        AgendaItem.objects.bulk_create(
            AgendaItem(
                meeting=meeting,
                position=position,
                title=point.title,
                duration_min=point.duration_min,
                speaker=point.speaker,
            )
            for position, point in enumerate(points, start=1)
        )


def change_details(*, meeting: Meeting, changed_by: "User") -> Meeting:
    """Save what was changed on the row besides its times.

    What calendars show raises SEQUENCE, new weights begin a new version: scores are compared
    within one version only. Raises NotAllowed, BadWeights.
    """
    before = Meeting.objects.get(pk=meeting.pk)
    if not can_change(changed_by, before):
        raise NotAllowed
    meeting.starts_at, meeting.ends_at = before.starts_at, before.ends_at
    meeting.time_zone, meeting.state = before.time_zone, before.state
    _check(meeting)
    if (meeting.title, meeting.description) != (before.title, before.description):
        meeting.sequence = before.sequence + 1
    if meeting.weights != before.weights:
        meeting.weights_version = before.weights_version + 1
    with transaction.atomic():
        meeting.save()
        ensure_host_seat(meeting=meeting, user=meeting.host)
    return meeting


def reschedule(
    *, meeting: Meeting, starts_at: datetime, ends_at: datetime, time_zone: str, changed_by: "User"
) -> Meeting:
    """Move the appointment and write to everybody who registered, each in their own zone.

    Raises NotAllowed, BadTimes, UnknownZone, NoLongerPlanned. Moving to the same time does
    nothing and tells nobody.
    """
    if not can_change(changed_by, meeting):
        raise NotAllowed
    _check_times(starts_at, ends_at, time_zone)
    same = (meeting.starts_at, meeting.ends_at, meeting.time_zone)
    if same == (starts_at, ends_at, time_zone) and meeting.can_be_changed:
        return meeting
    former_start = meeting.starts_at
    with transaction.atomic():
        moved = Meeting.objects.filter(pk=meeting.pk, state=MeetingState.PLANNED).update(
            starts_at=starts_at,
            ends_at=ends_at,
            time_zone=time_zone,
            sequence=F("sequence") + 1,
            updated_at=timezone.now(),
        )
        if not moved:
            raise NoLongerPlanned
        meeting.refresh_from_db()
        _tell_registered(
            meeting, composer="meeting_change", extra={"former_start": former_start.isoformat()}
        )
    return meeting


def cancel(*, meeting: Meeting, cancelled_by: "User", reason: str = "") -> Meeting:
    """Call the appointment off, and write to everybody who registered.

    Raises NotAllowed, NoLongerPlanned.
    """
    if not can_change(cancelled_by, meeting):
        raise NotAllowed
    now = timezone.now()
    with transaction.atomic():
        cancelled = Meeting.objects.filter(pk=meeting.pk, state=MeetingState.PLANNED).update(
            state=MeetingState.CANCELLED,
            cancelled_at=now,
            sequence=F("sequence") + 1,
            updated_at=now,
        )
        if not cancelled:
            raise NoLongerPlanned
        meeting.refresh_from_db()
        _tell_registered(meeting, composer="meeting_cancellation", extra={"reason": reason})
    return meeting


def _tell_registered(meeting: Meeting, *, composer: str, extra: dict[str, str]) -> None:
    """One mail each. The key holds the calendar version: the same change is told once."""
    for registration in meeting.registrations.standing().select_related("contact_point"):
        deliveries.enqueue(
            purpose_key=f"{composer}:{registration.public_id}:{meeting.sequence}",
            address=registration.contact_point.value,
            composer=composer,
            parameters={"registration": str(registration.public_id), **extra},
            language=registration.language,
            time_zone=registration.time_zone,
            contact_point=registration.contact_point,
            subject_ref=meeting.subject_ref,
        )


def _check(meeting: Meeting) -> None:
    _check_times(meeting.starts_at, meeting.ends_at, meeting.time_zone)
    if not weights_add_up(meeting.weights):
        raise BadWeights


def _check_times(starts_at: datetime, ends_at: datetime, time_zone: str) -> None:
    find_zone(time_zone)
    if ends_at <= starts_at:
        raise BadTimes
