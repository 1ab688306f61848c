"""Rows of the meetings app with sensible values; every value can be given."""

import itertools
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from crm.models import User
from crm.services import consent
from meetings.models import ChatMessage, Meeting, PresenceInterval, Registration, Seat
from meetings.services import access, registration
from meetings.services.registration import Person, Provenance
from tests.factories.crm import make_point
from tests.people import make_user

_numbers = itertools.count(1)


def make_meeting(host: User | None = None, **fields: Any) -> Meeting:
    """A meeting for whoever has the link, tomorrow at this time, for an hour."""
    start = fields.setdefault("starts_at", timezone.now() + timedelta(days=1))
    host = host or make_user(f"Host {next(_numbers)}", "sales")
    values = {
        "kind": "launch",
        "title": f"Meeting {next(_numbers)}",
        "ends_at": start + timedelta(hours=1),
        "time_zone": "Europe/Berlin",
        "host": host,
        "team": host.team,
    } | fields
    return Meeting.objects.create(**values)


def make_past_meeting(host: User | None = None, **fields: Any) -> Meeting:
    """A meeting that went live on time an hour and a half ago and ended after an hour."""
    start = timezone.now().replace(microsecond=0) - timedelta(minutes=90)
    fields = {
        "starts_at": start,
        "went_live_at": start,
        "ended_at": start + timedelta(hours=1),
        "state": "ended",
    } | fields
    return make_meeting(host, **fields)


def make_registration(meeting: Meeting | None = None, **fields: Any) -> Registration:
    """A verified registration; `email` names its address."""
    email = fields.pop("email", None)
    values = {
        "meeting": meeting or make_meeting(),
        "contact_point": fields.pop("contact_point", None) or make_point(email),
        "name": f"Guest {next(_numbers)}",
        "time_zone": "Asia/Shanghai",
        "verified_at": timezone.now(),
    } | fields
    return Registration.objects.create(**values)


def fill_in_form(meeting: Meeting, **fields: Any) -> Registration | None:
    """Somebody registers on the meeting's page; the address is not proved yet.

    `invited_address`: they came by the link of an invitation that was sent there.
    """
    provenance = Provenance(invited_address=fields.pop("invited_address", ""))
    values = {
        "name": "Wang Wei",
        "email": "wang.wei@hengrui.example",
        "company_name": "Hengrui",
        "language": "zh-hans",
        "time_zone": "Asia/Shanghai",
    } | fields
    return registration.register(
        meeting=meeting, person=Person(**values), provenance=provenance, client="192.0.2.1"
    )


def make_guest(meeting: Meeting, **fields: Any) -> Seat:
    """A verified registration with its seat."""
    return access.ensure_guest_seat(registration=make_registration(meeting, **fields))


def record_consent(seat: Seat, state: str) -> None:
    """What the person of a seat says about being recorded, outside the room."""
    assert seat.registration is not None
    consent.record(
        contact_point=seat.registration.contact_point,
        purpose="recording",
        channel="meeting",
        state=state,
        wording_version="recording-1",
        source="test",
    )


def make_presence(
    seat: Seat, *, start: datetime | None = None, minutes: float = 30, **fields: Any
) -> PresenceInterval:
    """A stay from `start`, or from the meeting's beginning."""
    joined_at = start or seat.meeting.went_live_at or seat.meeting.starts_at
    fields.setdefault("left_at", joined_at + timedelta(minutes=minutes))
    return PresenceInterval.objects.create(seat=seat, joined_at=joined_at, **fields)


def make_chat_line(seat: Seat, text: str = "Hello", **fields: Any) -> ChatMessage:
    values = {
        "client_id": uuid.uuid4(),
        "sequence": next(_numbers),
        "sent_at": timezone.now(),
    } | fields
    return ChatMessage.objects.create(meeting=seat.meeting, seat=seat, text=text, **values)
