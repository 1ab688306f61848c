"""Spend and sales side by side, month by month."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from crm.models import Purchase, Spend

if TYPE_CHECKING:
    from crm.models import User


@dataclass(frozen=True)
class MonthRow:
    """One month in one currency. No spend in a month is an empty dict, not a zero."""

    month: date
    spend_by_channel: dict[str, Decimal] = field(default_factory=dict)
    sales_amount: Decimal = Decimal(0)


def monthly_spend_and_sales(
    *,
    user: "User",
    start: date,
    end: date,
    currency: str,
    channel_ids: Sequence[int] | None = None,
) -> list[MonthRow]:
    """Every month from `start` to `end` (both included), as far as `user` sees the purchases.

    Purchases in other currencies are left out; nothing is converted.
    """
    first = start.replace(day=1)
    spend: dict[date, dict[str, Decimal]] = defaultdict(dict)
    spends = Spend.objects.visible_to(user).filter(
        currency=currency, month__gte=first, month__lte=end
    )
    if channel_ids is not None:
        spends = spends.filter(channel__in=list(channel_ids))
    rows = spends.order_by().values("month", "channel__name").annotate(total=Sum("amount"))
    for row in rows:
        spend[row["month"]][row["channel__name"]] = to_cents(row["total"])
    sales = dict(
        Purchase.objects.visible_to(user)
        .filter(currency=currency, purchased_on__gte=start, purchased_on__lte=end)
        .order_by()
        .annotate(month=TruncMonth("purchased_on"))
        .values("month")
        .annotate(total=Sum("amount"))
        .values_list("month", "total")
    )
    return [
        MonthRow(
            month=month,
            spend_by_channel=dict(sorted(spend.get(month, {}).items())),
            sales_amount=to_cents(sales.get(month, Decimal(0))),
        )
        for month in _months(first, end)
    ]


def to_cents(total: Decimal) -> Decimal:
    """A sum of amounts as exact as they are: SQLite adds them as binary fractions."""
    return total.quantize(Decimal("0.01"))


def _months(first: date, end: date) -> list[date]:
    months = []
    month = first
    while month <= end:
        months.append(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return months
