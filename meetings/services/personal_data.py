"""Erasing a person from meetings: figures stay; names, words and recordings go."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from crm.extensions import Person
from meetings.models import ChatMessage, Meeting, RecordingTrack, Registration, Seat
from meetings.models.choices import MeetingState, RegistrationState
from meetings.services import recording_files

ERASED_NAME = "–"


def erase_person(person: Person) -> None:
    """Take name, company, chat lines and recorded files away; attendance and talk stay numbers.

    Every link and cookie of the registrations becomes void, and those for meetings to come are
    taken back: nobody is expected any more, and no mail has anywhere to go.
    """
    registrations = Registration.objects.filter(contact_point__in=person.point_ids)
    to_come = Meeting.objects.filter(state__in=(MeetingState.PLANNED, MeetingState.LIVE))
    now = timezone.now()
    with transaction.atomic():
        ChatMessage.objects.filter(seat__registration__in=registrations.values("pk")).update(
            text="", deleted_at=now
        )
        Seat.objects.filter(registration__in=registrations.values("pk")).update(
            display_name=ERASED_NAME
        )
        recording_files.delete_files(
            RecordingTrack.objects.filter(seat__registration__in=registrations.values("pk"))
        )
        registrations.filter(
            meeting__in=to_come.values("pk"), state=RegistrationState.REGISTERED
        ).update(state=RegistrationState.CANCELLED, cancelled_at=now)
        registrations.update(
            name=ERASED_NAME,
            company_name="",
            utm_source="",
            utm_medium="",
            utm_campaign="",
            link_version=F("link_version") + 1,
        )
