"""Proving the address of a registration: by its personal link, or by an account that proved it."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from crm.services import contact_points, identity
from meetings.models import Meeting, Registration
from meetings.selectors.appointments import registrations_of_account
from meetings.services import tokens
from meetings.services.access import ensure_guest_seat
from meetings.services.refusals import LinkNotValid, MeetingCancelled, MeetingOver, SeatsGone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from crm.models import User


def find_by_token(*, token: str) -> Registration:
    """The registration of a personal link, read only.

    Of a meeting that is over, too: the page behind the link says so. Raises LinkNotValid.
    """
    claim = tokens.read_personal_token(token)
    registration = claim and (
        Registration.objects.standing()
        .select_related("meeting", "meeting__host", "contact_point")
        .filter(public_id=claim.registration_id, link_version=claim.link_version)
        .first()
    )
    if not registration:
        raise LinkNotValid
    return registration


def check_seat(*, registration: Registration) -> None:
    """Raises SeatsGone when confirming now would find no free seat."""
    if registration.verified_at is None and not registration.meeting.count_free_seats():
        raise SeatsGone


def verify(*, token: str) -> Registration:
    """The person pressed the button behind their link: the address is theirs.

    The first time this identifies them as a contact and makes the consents they asked for count;
    every time it makes sure of the seat. Raises LinkNotValid, MeetingCancelled, MeetingOver, and
    SeatsGone when others have taken the last seat by then.
    """
    return prove(registration=find_by_token(token=token))


def verify_by_account(*, public_id: str, user: "User | AnonymousUser") -> Registration:
    """A signed-in person opens a registration under an address their account has proved.

    Raises LinkNotValid for everything that is not theirs, MeetingCancelled, MeetingOver, SeatsGone.
    """
    own = {str(row.public_id): row for row in registrations_of_account(user=user)}
    if public_id not in own:
        raise LinkNotValid
    return prove(registration=own[public_id])


def _refuse_if_over(meeting: Meeting) -> None:
    if meeting.is_cancelled:
        raise MeetingCancelled
    if meeting.is_over:
        raise MeetingOver


def prove(*, registration: Registration) -> Registration:
    """The address is its person's own: the first time they get one of the free seats and become
    known. Raises MeetingCancelled, MeetingOver, SeatsGone."""
    _refuse_if_over(registration.meeting)
    with transaction.atomic():
        if registration.verified_at is None and _take_seat(registration):
            _make_known(registration)
        ensure_guest_seat(registration=registration)
    registration.refresh_from_db()
    return registration


def _take_seat(registration: Registration) -> bool:
    """False when somebody else was quicker with the same link."""
    # The lock makes the count exact; SQLite has one writer anyway.
    meeting = Meeting.objects.select_for_update().get(pk=registration.meeting_id)
    unconfirmed = Registration.objects.unconfirmed().filter(pk=registration.pk)
    if unconfirmed.exists() and not meeting.count_free_seats():
        raise SeatsGone
    return bool(unconfirmed.update(verified_at=timezone.now()))


def _make_known(registration: Registration) -> None:
    meeting = registration.meeting
    # This also grants the consents that wait for the proof.
    contact_points.verify(contact_point=registration.contact_point, source=meeting.subject_ref)
    identity.identify(
        contact_point=registration.contact_point,
        name=registration.name,
        company_name=registration.company_name,
        language=registration.language,
        time_zone=registration.time_zone,
        source=meeting.subject_ref,
        owner=meeting.host,
        team=meeting.team,
    )
