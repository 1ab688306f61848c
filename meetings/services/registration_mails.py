"""The mails that one registration brings: its personal link, and that it was taken back."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from crm.services import contact_points, deliveries
from meetings.models import Meeting, Registration
from meetings.permissions import can_change
from meetings.services.rate_limits import count_try
from meetings.services.refusals import LinkNotValid, MeetingOver, NotAllowed, TooManyTries

if TYPE_CHECKING:
    from crm.models import User

REQUESTS_PER_CLIENT = 60
LINK_MAILS_PER_HOUR = 4


def send_link(*, registration: Registration) -> None:
    """The mail with the personal link; beyond a few in an hour none, and nobody is told."""
    try:
        count_try(
            name="link-mails",
            who=str(registration.public_id),
            limit=LINK_MAILS_PER_HOUR,
            window_s=3600,
        )
    except TooManyTries:
        return
    _enqueue(registration, composer="meeting_confirmation")


def send_link_again(*, meeting: Meeting, email: str, client: str) -> None:
    """Mail the personal link once more, if there is a registration for that address.

    The same silence either way. Raises TooManyTries, InvalidAddress.
    """
    count_try(name="link-again", who=client, limit=REQUESTS_PER_CLIENT)
    address = contact_points.normalise_address(address=email)
    registration = (
        Registration.objects.standing()
        .select_related("contact_point", "meeting")
        .filter(meeting=meeting, contact_point__kind="email", contact_point__normalised=address)
        .first()
    )
    if registration is None or meeting.is_over:
        return
    with transaction.atomic():
        send_link(registration=registration)


def replace_link(*, registration: Registration, replaced_by: "User") -> Registration:
    """Make every link and cookie of this registration void and mail a new link.

    Raises NotAllowed, MeetingOver, LinkNotValid (when it was cancelled).
    """
    if not can_change(replaced_by, registration.meeting):
        raise NotAllowed
    if registration.meeting.is_over:
        raise MeetingOver
    with transaction.atomic():
        changed = (
            Registration.objects.standing()
            .filter(pk=registration.pk)
            .update(link_version=F("link_version") + 1)
        )
        if not changed:
            raise LinkNotValid
        registration.refresh_from_db()
        _enqueue(registration, composer="meeting_confirmation")
    return registration


def send_cancelled(*, registration: Registration) -> None:
    """The place is given back; takes the meeting out of the person's calendar."""
    _enqueue(registration, composer="meeting_registration_cancelled")


def _enqueue(registration: Registration, *, composer: str) -> None:
    Registration.objects.filter(pk=registration.pk).update(mail_count=F("mail_count") + 1)
    registration.refresh_from_db(fields=["mail_count"])
    deliveries.enqueue(
        purpose_key=f"{composer}:{registration.public_id}:{registration.mail_count}",
        address=registration.contact_point.value,
        composer=composer,
        parameters={"registration": str(registration.public_id)},
        language=registration.language,
        time_zone=registration.time_zone,
        contact_point=registration.contact_point,
        subject_ref=registration.meeting.subject_ref,
    )
