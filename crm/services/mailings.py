"""One mail to many: counting beforehand, writing the recipients down, filling the outbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Contact, Delivery, Mailing, MailingRecipient
from crm.selectors import organisation
from crm.selectors.recipients import choose_recipients
from crm.services import leases
from crm.services.deliveries import SEND_TASK, WAKE_INTERVAL
from crm.services.errors import Refusal
from crm.services.wakeups import wake
from crm.validators import is_reserved_address

if TYPE_CHECKING:
    from crm.models import User

EXPAND_TASK = "crm.tasks.expand_mailing"
_CHUNK = 200
_State = MailingRecipient.State


@dataclass(frozen=True)
class MailingPreview:
    """What a mailing would do now; each contact is counted once."""

    total: int
    will_send: int
    no_address: int
    no_consent: int
    suppressed: int
    already_invited: int


class NobodyToWriteTo(Refusal):
    code = "nobody_to_write_to"


def preview(
    *, contacts: "QuerySet[Contact]", consent_purpose: str, purpose_key_prefix: str
) -> MailingPreview:
    """Count who would get the mail and why others would not. Changes nothing."""
    choice = choose_recipients(
        contacts, consent_purpose=consent_purpose, purpose_key=purpose_key_prefix
    )
    return MailingPreview(
        total=choice.total,
        will_send=len(choice.point_ids),
        no_address=choice.no_address,
        no_consent=choice.no_consent,
        suppressed=choice.suppressed,
        already_invited=choice.already_invited,
    )


def create(
    *,
    created_by: "User",
    composer: str,
    parameters: dict[str, Any],
    consent_purpose: str,
    contacts: "QuerySet[Contact]",
    subject_ref: str,
    purpose_key_prefix: str,
    title: str = "",
) -> Mailing:
    """Write down who gets the mail and start filling the outbox.

    The prefix is the purpose key of every mail of it, so that an address gets one mail for one
    purpose however many mailings it falls under. Raises NobodyToWriteTo.
    """
    with transaction.atomic():
        choice = choose_recipients(
            contacts, consent_purpose=consent_purpose, purpose_key=purpose_key_prefix
        )
        if not choice.point_ids:
            raise NobodyToWriteTo(_("Nobody in this choice can be written to."))
        mailing = Mailing.objects.create(
            title=title[:200],
            created_by=created_by,
            composer=composer,
            parameters=parameters,
            consent_purpose=consent_purpose,
            subject_ref=subject_ref,
            purpose_key_prefix=purpose_key_prefix,
            recipient_count=len(choice.point_ids),
        )
        MailingRecipient.objects.bulk_create(
            (MailingRecipient(mailing=mailing, contact_point_id=pk) for pk in choice.point_ids),
            batch_size=1000,
        )
        wake(EXPAND_TASK, mailing.pk)
    return mailing


def expand(*, mailing_id: int) -> int:
    """Fill the outbox chunk by chunk, from wherever a worker before us was stopped.

    Gives how many deliveries were made. Harmless when repeated or run twice at once.
    """
    token = leases.claim(Mailing, mailing_id)
    if token is None:
        return 0
    made = 0
    try:
        with leases.hold(Mailing, mailing_id, token) as lease:
            mailing = Mailing.objects.get(pk=mailing_id)
            while mailing.state == Mailing.State.EXPANDING and not lease.lost.is_set():
                count = _expand_chunk(mailing)
                if count is None:
                    _note_expanded(mailing)
                    break
                made += count
                mailing.refresh_from_db(fields=["state"])
    finally:
        leases.release(Mailing, mailing_id, token)
    return made


def _expand_chunk(mailing: Mailing) -> int | None:
    """The next recipients, in one transaction; None when there are none left."""
    now = timezone.now()
    with transaction.atomic():
        recipients = list(
            mailing.recipients.filter(state=_State.WAITING)
            .select_related("contact_point__contact")
            .order_by("pk")[:_CHUNK]
        )
        if not recipients:
            return None
        Delivery.objects.bulk_create(
            [_delivery_for(mailing, recipient, now) for recipient in recipients],
            ignore_conflicts=True,  # written to under this key before
        )
        made = _settle(mailing, recipients)
        for pk in made:
            wake(SEND_TASK, pk)
    return len(made)


def _delivery_for(mailing: Mailing, recipient: MailingRecipient, now: datetime) -> Delivery:
    point = recipient.contact_point
    contact = point.contact
    return Delivery(
        purpose_key=mailing.purpose_key_prefix,
        address=point.normalised,
        composer=mailing.composer,
        parameters=mailing.parameters,
        language=(contact.language if contact else "") or organisation.current().language,
        time_zone=contact.time_zone if contact else "",
        consent_purpose=mailing.consent_purpose,
        contact_point=point,
        mailing=mailing,
        subject_ref=mailing.subject_ref,
        is_demo=is_reserved_address(point.normalised),
        wake_at=now + WAKE_INTERVAL,
    )


def _settle(mailing: Mailing, recipients: list[MailingRecipient]) -> list[int]:
    """Note what became of each recipient; gives the deliveries that are this mailing's."""
    made = dict(
        Delivery.objects.filter(
            mailing=mailing, contact_point__in=[row.contact_point_id for row in recipients]
        ).values_list("contact_point", "pk")
    )
    for recipient in recipients:
        is_ours = recipient.contact_point_id in made
        recipient.state = _State.ENQUEUED if is_ours else _State.SKIPPED
    MailingRecipient.objects.bulk_update(recipients, ["state"])
    return [pk for pk in made.values() if pk is not None]


def _note_expanded(mailing: Mailing) -> None:
    Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.EXPANDING).update(
        state=Mailing.State.EXPANDED, expanded_at=timezone.now()
    )


def wake_unfinished() -> int:
    """Wake mailings that are not all in the outbox and that no worker is at. Gives how many."""
    with transaction.atomic():
        waiting = list(
            Mailing.objects.filter(state=Mailing.State.EXPANDING)
            .exclude(lease_until__gt=timezone.now())
            .order_by("pk")
            .values_list("pk", flat=True)[:20]
        )
        for pk in waiting:
            wake(EXPAND_TASK, pk)
    return len(waiting)
