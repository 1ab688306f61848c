"""Absolute addresses for mails and calendars, built from the one configured base address."""

from django.urls import reverse

from crm.selectors import organisation
from meetings.models import Meeting, Registration
from meetings.services import tokens


def public_url(meeting: Meeting) -> str:
    return organisation.absolute(reverse("meetings:detail", args=[meeting.public_id]))


def room_url(meeting: Meeting) -> str:
    return organisation.absolute(reverse("meetings:room", args=[meeting.public_id]))


def personal_url(registration: Registration) -> str:
    """For mails to the registered person only; never for a page."""
    token = tokens.personal_token(registration)
    return organisation.absolute(reverse("meetings:personal_link", args=[token]))


def invitation_url(*, meeting: Meeting, delivery_id: int) -> str:
    token = tokens.invitation_token(meeting_id=meeting.public_id, delivery_id=delivery_id)
    path = reverse("meetings:register", args=[meeting.public_id])
    return organisation.absolute(f"{path}?token={token}")
