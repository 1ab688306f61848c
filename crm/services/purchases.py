"""Purchases in bulk: written once, however often the same file comes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Activity, Contact, ContactPoint, Purchase
from crm.selectors.recipients import in_chunks
from crm.services import scores
from crm.services.errors import Refusal
from crm.validators import validate_currency

_BATCH = 500


@dataclass(frozen=True)
class PurchaseRow:
    """One purchase of a contact. `source_key` names it within its source, once for all time."""

    contact_id: int
    purchased_on: date
    quantity: Decimal
    amount: Decimal
    currency: str
    source_key: str
    product_id: int | None = None


class NegativeQuantity(Refusal):
    code = "negative_quantity"


def record_purchases(*, rows: Iterable[PurchaseRow], source: str) -> int:
    """Write all rows or none; gives how many were new. Known source keys are passed over.

    Each new purchase stands on the timeline of its contact, if the contact has any address.
    Raises NegativeQuantity, and ValidationError for what is no currency.
    """
    wanted = {f"{source}:{row.source_key}": row for row in rows}
    for currency in {row.currency for row in wanted.values()}:
        validate_currency(currency)
    if any(row.quantity < 0 for row in wanted.values()):
        raise NegativeQuantity(_("A quantity cannot be negative; a refund has a negative amount."))
    with transaction.atomic():
        known = set(
            Purchase.objects.filter(source=source, source_key__isnull=False).values_list(
                "source_key", flat=True
            )
        )
        new = [
            Purchase(
                contact_id=row.contact_id,
                product_id=row.product_id,
                purchased_on=row.purchased_on,
                quantity=row.quantity,
                amount=row.amount,
                currency=row.currency,
                source=source,
                source_key=key,
            )
            for key, row in wanted.items()
            if key not in known
        ]
        Purchase.objects.bulk_create(new, batch_size=_BATCH)
        _record_on_timeline(new)
    return len(new)


def _record_on_timeline(purchases: list[Purchase]) -> None:
    contact_ids = sorted({row.contact_id for row in purchases if row.contact_id is not None})
    points: dict[int, int] = {}
    for chunk in in_chunks(contact_ids, _BATCH):
        known = ContactPoint.objects.filter(contact__in=chunk).order_by("-pk")
        points.update(known.values_list("contact", "pk"))  # the oldest address comes last
    Activity.objects.bulk_create(
        (
            Activity(
                contact_point_id=points[row.contact_id],
                kind="purchase",
                occurred_at=_noon(row.purchased_on),
                quantity=row.amount,
                unit=row.currency,
                key=f"purchase:{row.source_key}",
            )
            for row in purchases
            if row.contact_id in points
        ),
        batch_size=_BATCH,
    )
    _note_last_activity(purchases)
    scores.recompute_engagement(contact_ids=contact_ids)


def _note_last_activity(purchases: list[Purchase]) -> None:
    latest: dict[int, date] = {}
    for row in purchases:
        if row.contact_id is not None:
            latest[row.contact_id] = max(row.purchased_on, latest.get(row.contact_id, date.min))
    for chunk in in_chunks(sorted(latest), _BATCH):
        contacts = list(Contact.objects.filter(pk__in=chunk))
        for contact in contacts:
            moment = _noon(latest[contact.pk])
            contact.last_activity_at = max(moment, contact.last_activity_at or moment)
        Contact.objects.bulk_update(contacts, ["last_activity_at"], batch_size=_BATCH)


def _noon(day: date) -> datetime:
    """A day without an hour: its noon, which is the same day nearly everywhere."""
    return datetime.combine(day, time(12), tzinfo=UTC)
