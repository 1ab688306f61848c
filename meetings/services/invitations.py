"""Inviting contacts by mail, and reading the invitation that somebody comes back with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from crm.selectors.deliveries import find_recipient
from crm.services import mailings
from crm.services.mailings import MailingPreview
from meetings.models import Meeting, Registration
from meetings.permissions import can_invite
from meetings.services import tokens
from meetings.services.refusals import NotAllowed

if TYPE_CHECKING:
    from crm.models import Contact, Mailing, User

COMPOSER = "meeting_invitation"
CONSENT_PURPOSE = "marketing"


@dataclass(frozen=True)
class InvitationPreview:
    """What inviting would do now. Every contact of the choice is counted exactly once."""

    total: int
    will_send: int
    already_registered: int
    already_invited: int
    no_address: int
    no_consent: int
    suppressed: int


@dataclass(frozen=True)
class Invitation:
    """Whom an invitation link was sent to; fills in the registration form."""

    delivery_id: int
    address: str
    name: str
    company_name: str


def preview(*, meeting: Meeting, contacts: "QuerySet[Contact]") -> InvitationPreview:
    """Count who would be written to and why others would not. Changes nothing."""
    total = contacts.order_by().distinct().count()
    counted: MailingPreview = mailings.preview(
        contacts=_without_registered(meeting, contacts),
        consent_purpose=CONSENT_PURPOSE,
        purpose_key_prefix=_purpose_key(meeting),
    )
    return InvitationPreview(
        total=total,
        will_send=counted.will_send,
        already_registered=total - counted.total,
        already_invited=counted.already_invited,
        no_address=counted.no_address,
        no_consent=counted.no_consent,
        suppressed=counted.suppressed,
    )


def invite(
    *, meeting: Meeting, contacts: "QuerySet[Contact]", message: str = "", invited_by: "User"
) -> "Mailing":
    """Write one mail to each contact who may be written to and is not registered yet.

    `contacts` must already be what `invited_by` may see. An address is invited to a meeting once,
    however often it falls under a choice. Raises NotAllowed, NobodyToWriteTo.
    """
    if not can_invite(invited_by, meeting):
        raise NotAllowed
    return mailings.create(
        created_by=invited_by,
        composer=COMPOSER,
        parameters={"meeting": str(meeting.public_id), "message": message.strip()},
        consent_purpose=CONSENT_PURPOSE,
        contacts=_without_registered(meeting, contacts),
        subject_ref=meeting.subject_ref,
        purpose_key_prefix=_purpose_key(meeting),
        title=meeting.title,
    )


def _purpose_key(meeting: Meeting) -> str:
    return f"invitation:{meeting.public_id}"


def _without_registered(meeting: Meeting, contacts: "QuerySet[Contact]") -> "QuerySet[Contact]":
    # Not who never confirmed: a stranger may have typed the address.
    registered = Registration.objects.confirmed().filter(
        meeting=meeting, contact_point__contact__isnull=False
    )
    return contacts.exclude(pk__in=registered.values("contact_point__contact"))


def find_invitation(*, token: str, meeting: Meeting) -> Invitation | None:
    """Whom the token was sent to, if it is ours and of this meeting."""
    claim = tokens.read_invitation_token(token)
    if claim is None or claim.meeting_id != meeting.public_id:
        return None
    recipient = find_recipient(delivery_id=claim.delivery_id)
    if recipient is None:
        return None
    return Invitation(
        delivery_id=claim.delivery_id,
        address=recipient.address,
        name=recipient.name,
        company_name=recipient.company_name,
    )
