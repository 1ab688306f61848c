"""Purchases in bulk: written once, however often the same file comes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.models import Purchase
from crm.services.errors import Refusal
from crm.validators import validate_currency

_BATCH = 1000


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
    return len(new)
