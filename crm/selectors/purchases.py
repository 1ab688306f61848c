"""How recently, how often and for how much each customer bought."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Min, QuerySet, Sum
from django.utils import timezone

from crm.models import Purchase
from crm.selectors.sales import to_cents

if TYPE_CHECKING:
    from crm.models import User


@dataclass(frozen=True)
class CustomerRow:
    """One contact who bought, under a key that names nobody."""

    key: str
    recency_days: int
    """Days from the last purchase to the reference day."""
    frequency: int
    """Days with a purchase."""
    monetary_amount: Decimal
    """The sum of all purchases, in `currency`."""
    currency: str
    tenure_days: int
    """Days from the first purchase to the reference day."""


def pseudonym(public_id: UUID) -> str:
    """A stable key of a contact that cannot be turned back without the installation's secret."""
    digest = hmac.new(settings.SECRET_KEY.encode(), public_id.bytes, hashlib.sha256)
    return f"c{digest.hexdigest()[:16]}"


def customer_features(
    *,
    user: "User",
    reference: date | None = None,
    currency: str | None = None,
    source: str | None = None,
) -> list[CustomerRow]:
    """One row per visible contact with purchases, sorted by key; neither our own people count nor
    those who were erased.

    The reference day is today; with a `source` only its purchases count, and the day is that of
    the last of them, so that an old data set is not all equally long ago. Without `currency` the
    one of most purchases is taken, the others are left out: amounts in different currencies are
    never added.
    """
    purchases = Purchase.objects.visible_to(user).filter(
        contact__is_internal=False, contact__erased_at__isnull=True
    )
    if source:
        purchases = purchases.filter(source=source)
        reference = reference or _last_day(purchases)
    return _features(purchases, reference or timezone.localdate(), currency)


def features_of_source(*, source: str) -> list[CustomerRow]:
    """The same for all purchases of one data set, as of the day of its last purchase."""
    purchases = Purchase.objects.filter(
        source=source, contact__isnull=False, contact__erased_at__isnull=True
    )
    return _features(purchases, _last_day(purchases) or timezone.localdate(), None)


def _last_day(purchases: "QuerySet[Purchase]") -> date | None:
    last: date | None = purchases.aggregate(last=Max("purchased_on"))["last"]
    return last


def _features(
    purchases: "QuerySet[Purchase]", reference: date, currency: str | None
) -> list[CustomerRow]:
    currency = currency or _main_currency(purchases)
    if currency is None:
        return []
    rows = (
        purchases.filter(currency=currency, purchased_on__lte=reference)
        .order_by()
        .values("contact__public_id")
        .annotate(
            last=Max("purchased_on"),
            first=Min("purchased_on"),
            days=Count("purchased_on", distinct=True),
            total=Sum("amount"),
        )
    )
    customers = [
        CustomerRow(
            key=pseudonym(row["contact__public_id"]),
            recency_days=(reference - row["last"]).days,
            frequency=row["days"],
            monetary_amount=to_cents(row["total"]),
            currency=currency,
            tenure_days=(reference - row["first"]).days,
        )
        for row in rows
    ]
    return sorted(customers, key=lambda row: row.key)


def _main_currency(purchases: "QuerySet[Purchase]") -> str | None:
    row = (
        purchases.order_by()
        .values("currency")
        .annotate(n=Count("pk"))
        .order_by("-n", "currency")
        .first()
    )
    return row["currency"] if row else None
