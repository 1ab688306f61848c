"""What the mails about meetings say. Each composer runs when its mail is sent, in the receiver's
language and time zone, and reads the state of that moment."""

from datetime import datetime
from email.utils import formataddr
from typing import TYPE_CHECKING
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.extensions import Attachment, ComposedMail
from crm.services.sending import MailNotNeeded
from meetings.models import Meeting, Registration
from meetings.services import addresses
from meetings.services.calendar import Method, build_calendar

if TYPE_CHECKING:
    from crm.models import Delivery


def compose_confirmation(delivery: "Delivery") -> ComposedMail:
    """The personal link with the calendar entry; also sent when somebody asks for it again."""
    registration = _registration_of(delivery)
    _refuse_pointless(registration.meeting, is_cancelled=registration.is_cancelled)
    return _compose(
        "confirmation",
        registration,
        method="REQUEST",
        context={"link": addresses.personal_url(registration)},
    )


def compose_change(delivery: "Delivery") -> ComposedMail:
    """The meeting was moved: old and new time, and the entry with a higher SEQUENCE."""
    registration = _registration_of(delivery)
    _refuse_pointless(registration.meeting, is_cancelled=registration.is_cancelled)
    return _compose(
        "change",
        registration,
        method="REQUEST",
        context={
            "link": addresses.personal_url(registration),
            "former_start": datetime.fromisoformat(delivery.parameters["former_start"]),
        },
    )


def compose_cancellation(delivery: "Delivery") -> ComposedMail:
    """The meeting will not take place; the entry is removed."""
    return _compose(
        "cancellation",
        _registration_of(delivery),
        method="CANCEL",
        context={"reason": delivery.parameters.get("reason", "")},
    )


def compose_registration_cancelled(delivery: "Delivery") -> ComposedMail:
    """The person took their registration back; the entry is removed."""
    return _compose(
        "registration_cancelled", _registration_of(delivery), method="CANCEL", context={}
    )


def compose_invitation(delivery: "Delivery") -> ComposedMail:
    """An invitation to register, with a link that fills in the form."""
    meeting = (
        Meeting.objects.select_related("host")
        .prefetch_related("agenda")
        .get(public_id=UUID(delivery.parameters["meeting"]))
    )
    _refuse_pointless(meeting)
    contact = delivery.contact_point.contact if delivery.contact_point else None
    context = {
        "meeting": meeting,
        "name": contact.name if contact else "",
        "message": delivery.parameters.get("message", ""),
        "link": addresses.invitation_url(meeting=meeting, delivery_id=delivery.pk),
    }
    return _render("invitation", context, attachments=[])


def _refuse_pointless(meeting: Meeting, *, is_cancelled: bool = False) -> None:
    """A mail that waited until the meeting was over or called off helps nobody."""
    if is_cancelled:
        raise MailNotNeeded(_("The registration was taken back."))
    if meeting.is_cancelled:
        raise MailNotNeeded(_("The meeting was cancelled."))
    if meeting.is_over:
        raise MailNotNeeded(_("The meeting is over."))


def _registration_of(delivery: "Delivery") -> Registration:
    return (
        Registration.objects.select_related("meeting", "meeting__host", "contact_point")
        .prefetch_related("meeting__agenda")
        .get(public_id=UUID(delivery.parameters["registration"]))
    )


def _compose(
    name: str, registration: Registration, *, method: Method, context: dict[str, object]
) -> ComposedMail:
    meeting = registration.meeting
    entry = Attachment(
        filename="meeting.ics",
        mimetype=f"text/calendar; method={method}",
        content=build_calendar(meeting=meeting, method=method, registration=registration),
    )
    # What a stranger typed for somebody else's address is no greeting for the one who reads there.
    greeted = registration.name if registration.verified_at else ""
    values = {"meeting": meeting, "registration": registration, "name": greeted}
    return _render(name, {**values, **context}, attachments=[entry])


def _render(
    name: str, context: dict[str, object], *, attachments: list[Attachment]
) -> ComposedMail:
    meeting = context["meeting"]
    values = {
        **context,
        "public_url": addresses.public_url(meeting) if isinstance(meeting, Meeting) else "",
        "zone_name": timezone.get_current_timezone_name(),
    }
    headers = {"Reply-To": _address_of_host(meeting)} if isinstance(meeting, Meeting) else {}
    subject = render_to_string(f"mail/meetings/{name}.subject.txt", values)
    return ComposedMail(
        subject=" ".join(subject.split()),
        text=render_to_string(f"mail/meetings/{name}.txt", values),
        html=render_to_string(f"mail/meetings/{name}.html", values),
        attachments=attachments,
        headers=headers,
    )


def _address_of_host(meeting: Meeting) -> str:
    """Who answers such a mail wants a person."""
    return formataddr((meeting.host.get_full_name(), meeting.host.email))
