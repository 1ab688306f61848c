"""Putting mails into the outbox, sending one again, and waking what is due."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import ContactPoint, Delivery, Mailing, Purpose
from crm.permissions import can_send_again
from crm.services.composed import seal_words
from crm.services.contact_points import normalise_address
from crm.services.errors import NotAllowed, Refusal
from crm.services.wakeups import wake
from crm.validators import is_reserved_address

if TYPE_CHECKING:
    from crm.models import User

SEND_TASK = "crm.tasks.send_delivery"
COMPOSED, COMPOSED_ONE_TIME = "crm.composed", "crm.composed_one_time"
# A wake-up that was published is given this long before the sweep publishes it again.
WAKE_INTERVAL = timedelta(seconds=5)
WAKE_LIMIT = 200


class ConsentNeedsContactPoint(Refusal):
    code = "consent_needs_contact_point"


class NothingToSendAgain(Refusal):
    code = "nothing_to_send_again"


def enqueue(
    *,
    purpose_key: str,
    address: str,
    composer: str,
    parameters: dict[str, Any],
    language: str,
    time_zone: str = "",
    consent_purpose: str = "service",
    contact_point: ContactPoint | None = None,
    mailing: Mailing | None = None,
    not_before: datetime | None = None,
    subject_ref: str = "",
    subject: str = "",
) -> Delivery:
    """Put one mail into the outbox; a second call with its key and address gives the first row.

    `composer` names what writes the mail when it is sent; until then the outbox calls it by
    `subject`. Raises InvalidAddress, and
    ConsentNeedsContactPoint for mail that needs consent but names nobody who could have given it.
    """
    if consent_purpose != Purpose.SERVICE and contact_point is None:
        raise ConsentNeedsContactPoint(_("Without a contact point there can be no consent."))
    now = timezone.now()
    normalised = normalise_address(address=address)
    with transaction.atomic():
        delivery, is_new = Delivery.objects.get_or_create(
            purpose_key=purpose_key,
            address=normalised,
            defaults={
                "composer": composer,
                "parameters": parameters,
                "language": language,
                "time_zone": time_zone,
                "consent_purpose": consent_purpose,
                "contact_point": contact_point,
                "mailing": mailing,
                "not_before": not_before,
                "subject_ref": subject_ref,
                "subject": subject,
                "is_demo": is_reserved_address(normalised),
                "wake_at": not_before or now + WAKE_INTERVAL,
            },
        )
        if is_new and not_before is None:
            wake(SEND_TASK, delivery.pk)
    return delivery


def enqueue_composed(
    *,
    purpose_key: str,
    address: str,
    subject: str,
    text: str,
    html: str = "",
    language: str,
    contact_point: ContactPoint | None = None,
    subject_ref: str = "",
    is_one_time: bool = False,
) -> Delivery:
    """Put a mail into the outbox whose words are ready. Raises InvalidAddress.

    `is_one_time`: it carries a key to an account, so its words are sealed and not kept.
    """
    words = {"subject": subject, "text": text, "html": html}
    return enqueue(
        purpose_key=purpose_key,
        address=address,
        composer=COMPOSED_ONE_TIME if is_one_time else COMPOSED,
        parameters=seal_words(words) if is_one_time else dict(words),
        language=language,
        contact_point=contact_point,
        subject_ref=subject_ref,
    )


def send_again(*, delivery: Delivery, requested_by: "User") -> Delivery:
    """Try a mail once more that failed, or that perhaps was not sent.

    It keeps its Message-ID, so that a receiver who got it before can tell. Raises NotAllowed,
    NothingToSendAgain.
    """
    if not can_send_again(requested_by, delivery):
        raise NotAllowed(_("You may not send this mail."))
    now = timezone.now()
    with transaction.atomic():
        changed = Delivery.objects.filter(
            pk=delivery.pk, state__in=(Delivery.State.FAILED, Delivery.State.UNKNOWN)
        ).update(
            state=Delivery.State.QUEUED,
            attempts=0,
            handed_over_at=None,
            not_before=None,
            wake_at=now + WAKE_INTERVAL,
            reason="",
            error="",
            lease_token="",
            lease_until=None,
        )
        if not changed:
            raise NothingToSendAgain(
                _("Only mails that failed or were perhaps not sent can be sent again.")
            )
        wake(SEND_TASK, delivery.pk)
    delivery.refresh_from_db()
    return delivery


def wake_due() -> int:
    """Wake waiting mails whose time has come, and those whose worker died. Gives how many."""
    now = timezone.now()
    with transaction.atomic():
        due = list(
            Delivery.objects.to_wake().order_by("wake_at").values_list("pk", flat=True)[:WAKE_LIMIT]
        )
        if due:
            Delivery.objects.filter(pk__in=due).update(wake_at=now + WAKE_INTERVAL)
        for pk in due:
            wake(SEND_TASK, pk)
    return len(due)
