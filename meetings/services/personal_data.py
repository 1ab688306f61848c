"""Erasing a person from meetings: figures stay, names and words go."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from meetings.models import ChatMessage, Registration, Seat

ERASED_NAME = "–"


def erase_person(contact_point_id: int) -> None:
    """Take name, company and chat lines away; attendance stays as a number without a person.

    Every link and cookie of the registrations becomes void.
    """
    registrations = Registration.objects.filter(contact_point_id=contact_point_id)
    with transaction.atomic():
        ChatMessage.objects.filter(seat__registration__in=registrations).update(
            text="", deleted_at=timezone.now()
        )
        Seat.objects.filter(registration__in=registrations).update(display_name=ERASED_NAME)
        registrations.update(
            name=ERASED_NAME,
            company_name="",
            utm_source="",
            utm_medium="",
            utm_campaign="",
            link_version=F("link_version") + 1,
        )
