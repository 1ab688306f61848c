"""Registering for a meeting, and taking it back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from crm.consent_wordings import current_version
from crm.services import activities, consent, contact_points
from crm.validators import normalise_name
from meetings.models import Meeting, Registration
from meetings.models.choices import RegistrationSource, RegistrationState
from meetings.services import registration_mails, verification
from meetings.services.local_time import find_zone
from meetings.services.rate_limits import count_try
from meetings.services.refusals import (
    MeetingCancelled,
    MeetingFull,
    MeetingOver,
    RegistrationClosed,
    RegistrationNotYetOpen,
    UnknownZone,
)

if TYPE_CHECKING:
    from crm.models import ContactPoint

FORMS_PER_CLIENT = 60
FORMS_PER_ADDRESS = 10


@dataclass(frozen=True)
class Provenance:
    """How somebody came to the registration form; kept with the registration."""

    source: RegistrationSource = RegistrationSource.PUBLIC
    delivery_id: int | None = None
    invited_address: str = ""
    """Where the invitation went whose link was used: whoever has it reads that mailbox."""
    utm: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """What somebody wrote into the form."""

    name: str
    email: str
    company_name: str
    language: str
    time_zone: str
    consents: Collection[str] = ()


def check_open(*, meeting: Meeting) -> None:
    """Raises MeetingCancelled, MeetingOver, RegistrationNotYetOpen, RegistrationClosed or
    MeetingFull unless one can register now.

    Asked before any address is looked at, so the answer is the same for known and unknown ones.
    """
    now = timezone.now()
    if meeting.is_cancelled:
        raise MeetingCancelled
    if meeting.is_over or (meeting.ends_at <= now and not meeting.is_live):
        raise MeetingOver
    if meeting.registration_opens_at and now < meeting.registration_opens_at:
        raise RegistrationNotYetOpen
    if meeting.registration_closes_at and now >= meeting.registration_closes_at:
        raise RegistrationClosed
    if not meeting.count_free_seats():
        raise MeetingFull


def register(
    *, meeting: Meeting, person: Person, provenance: Provenance, client: str
) -> Registration | None:
    """Write the registration down and mail the personal link to the address given.

    No seat is held until the address is proved. An invitation's link proves it at once, for the
    address it was sent to: only then the registration is given back. Else None on purpose:
    whether the address was registered before is told only by the mail. What a stranger types
    about a registered address changes nothing.

    Raises TooManyTries, InvalidAddress, and what `check_open` raises.
    """
    count_try(name="register", who=client, limit=FORMS_PER_CLIENT)
    address = contact_points.normalise_address(address=person.email)
    count_try(name="register-address", who=address, limit=FORMS_PER_ADDRESS)
    with transaction.atomic():
        # The lock makes the count below exact; SQLite has one writer anyway.
        locked = Meeting.objects.select_for_update().get(pk=meeting.pk)
        check_open(meeting=locked)
        point = contact_points.ensure_email_point(address=person.email)
        registration = Registration.objects.filter(meeting=locked, contact_point=point).first()
        is_new = registration is None or registration.is_cancelled
        if registration is None:
            registration = _create(locked, point, person, provenance)
        elif is_new:
            _restore(registration, person, provenance)
        if is_new:
            _record(registration, "registered")
        # A version that was raised meanwhile tells that a host made the links void.
        is_revoked = not is_new and registration.link_version > 1
        is_proved = address == provenance.invited_address and not is_revoked
        if is_proved:
            if not is_new and registration.verified_at is None:
                _rewrite(registration, person, provenance)
            verification.prove(registration=registration)
        registration_mails.send_link(registration=registration)
    return registration if is_proved else None


def cancel(*, registration: Registration) -> Registration:
    """Take the registration back: the place is free, links and cookies are void.

    Cancelling twice changes nothing. Raises MeetingOver.
    """
    if registration.meeting.is_over:
        raise MeetingOver
    with transaction.atomic():
        changed = (
            Registration.objects.standing()
            .filter(pk=registration.pk)
            .update(
                state=RegistrationState.CANCELLED,
                cancelled_at=timezone.now(),
                link_version=F("link_version") + 1,
            )
        )
        registration.refresh_from_db()
        if changed:
            _record(registration, "registration_cancelled")
            registration_mails.send_cancelled(registration=registration)
    return registration


def _create(
    meeting: Meeting, point: "ContactPoint", person: Person, provenance: Provenance
) -> Registration:
    registration = Registration(meeting=meeting, contact_point=point)
    _fill(registration, person, provenance)
    registration.save()
    _note_consents(registration)
    return registration


def _restore(registration: Registration, person: Person, provenance: Provenance) -> None:
    """Registered again after cancelling. Links sent before stay void."""
    _fill(registration, person, provenance)
    registration.state = RegistrationState.REGISTERED
    registration.cancelled_at = None
    registration.verified_at = None
    registration.link_version += 1
    registration.save()
    _note_consents(registration)


def _rewrite(registration: Registration, person: Person, provenance: Provenance) -> None:
    """The person themselves fills in the form; what stood there may be a stranger's words."""
    _fill(registration, person, provenance)
    registration.save()
    _note_consents(registration)


def _fill(registration: Registration, person: Person, provenance: Provenance) -> None:
    registration.name = normalise_name(person.name)[:120]
    registration.company_name = normalise_name(person.company_name)[:160]
    registration.language = person.language
    registration.time_zone = _zone_or_that_of(registration.meeting, person.time_zone)
    registration.requested_consents = {
        purpose: current_version(purpose) for purpose in sorted(person.consents)
    }
    registration.source = provenance.source
    registration.invited_by_delivery_id = provenance.delivery_id
    for part in ("source", "medium", "campaign"):
        setattr(registration, f"utm_{part}", normalise_name(provenance.utm.get(part, ""))[:80])


def _zone_or_that_of(meeting: Meeting, name: str) -> str:
    """The visitor's zone as the browser gave it; the meeting's when it gave none we know."""
    try:
        return find_zone(name).key
    except UnknownZone:
        return meeting.time_zone


def _note_consents(registration: Registration) -> None:
    """Ticked is asked for; it is granted once the address has proved to be the person's own."""
    for purpose, wording_version in registration.requested_consents.items():
        consent.record(
            contact_point=registration.contact_point,
            purpose=purpose,
            channel="meeting" if purpose == "recording" else "email",
            state="pending",
            wording_version=wording_version,
            source=registration.meeting.subject_ref,
        )


def _record(registration: Registration, kind: str) -> None:
    meeting = registration.meeting
    activities.record(
        contact_point=registration.contact_point,
        kind=kind,
        occurred_at=timezone.now(),
        subject_ref=meeting.subject_ref,
        subject_title=meeting.title,
        market=meeting.market,
        campaign=meeting.campaign,
    )
