"""Addresses: finding or making one, proving it, and noting that mail to it came back."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from crm.models import ContactPoint
from crm.services import consent, suppression
from crm.services.errors import InvalidAddress
from crm.validators import is_role_address, normalise_email, normalise_name

if TYPE_CHECKING:
    from crm.models import Contact


def normalise_address(*, address: str) -> str:
    """The address in the one spelling we compare. Raises InvalidAddress."""
    try:
        return normalise_email(address)
    except ValidationError as error:
        raise InvalidAddress(error.messages[0]) from error


def ensure_email_point(*, address: str) -> ContactPoint:
    """The contact point of an e-mail address, made if nobody knew it. Raises InvalidAddress."""
    normalised = normalise_address(address=address)
    point, _made = ContactPoint.objects.get_or_create(
        kind=ContactPoint.Kind.EMAIL,
        normalised=normalised,
        defaults={"value": address.strip(), "is_shared": is_role_address(normalised)},
    )
    return point


def ensure_handle_point(*, handle: str, contact: "Contact | None" = None) -> ContactPoint:
    """A name by which another system knows somebody ("shop:4711")."""
    point, _made = ContactPoint.objects.get_or_create(
        kind=ContactPoint.Kind.HANDLE,
        normalised=normalise_name(handle).casefold(),
        defaults={"value": handle, "contact": contact},
    )
    return point


def verify(*, contact_point: ContactPoint, source: str) -> None:
    """Somebody used a link sent to this address: it is theirs, and pending consents hold.

    `source` says by what; the first proof keeps its time.
    """
    with transaction.atomic():
        ContactPoint.objects.filter(pk=contact_point.pk, verified_at__isnull=True).update(
            verified_at=timezone.now()
        )
        contact_point.refresh_from_db(fields=["verified_at"])
        consent.confirm_pending(contact_point=contact_point)


def note_unknown_mailbox(*, address: str) -> None:
    """The server says that there is no such mailbox: nothing is sent there any more."""
    with transaction.atomic():
        ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, normalised=address).update(
            bounce_state=ContactPoint.BounceState.HARD
        )
        suppression.suppress(address=address, reason="bounced")
