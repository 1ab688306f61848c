"""Spend and sales by month."""

from datetime import date
from decimal import Decimal

import pytest

from crm.models import User
from crm.selectors.sales import MonthRow, monthly_spend_and_sales
from tests.factories.crm import make_channel, make_contact, make_purchase, make_spend

pytestmark = pytest.mark.django_db


def test_every_month_of_the_period_has_a_row(owner: User) -> None:
    ads, fair = make_channel(name="Ads"), make_channel(name="Fair", kind="event")
    make_spend(channel=ads, month=date(2026, 1, 1), amount=Decimal("10.00"))
    make_spend(channel=ads, month=date(2026, 1, 1), amount=Decimal("5.00"))
    make_spend(channel=fair, month=date(2026, 3, 1), amount=Decimal("7.00"))
    make_spend(channel=fair, month=date(2026, 3, 1), amount=Decimal("9.00"), currency="USD")
    contact = make_contact(owner=owner)
    make_purchase(contact=contact, purchased_on=date(2026, 1, 31), amount=Decimal("100.00"))
    make_purchase(contact=contact, purchased_on=date(2026, 4, 1), amount=Decimal("1.00"))

    rows = monthly_spend_and_sales(
        user=owner, start=date(2026, 1, 1), end=date(2026, 3, 31), currency="EUR"
    )

    assert rows == [
        MonthRow(date(2026, 1, 1), {"Ads": Decimal("15.00")}, Decimal("100.00")),
        MonthRow(date(2026, 2, 1), {}, Decimal(0)),
        MonthRow(date(2026, 3, 1), {"Fair": Decimal("7.00")}, Decimal(0)),
    ]


def test_only_the_chosen_channels_and_visible_sales_count(owner: User, stranger: User) -> None:
    ads, fair = make_channel(name="Ads"), make_channel(name="Fair", kind="event")
    for channel in (ads, fair):
        make_spend(channel=channel, month=date(2026, 12, 1))
    make_purchase(contact=make_contact(owner=owner), purchased_on=date(2026, 12, 24))

    rows = monthly_spend_and_sales(
        user=stranger,
        start=date(2026, 12, 1),
        end=date(2027, 1, 31),
        currency="EUR",
        channel_ids=[fair.pk],
    )

    assert rows == [
        MonthRow(date(2026, 12, 1), {"Fair": Decimal("50.00")}, Decimal(0)),
        MonthRow(date(2027, 1, 1), {}, Decimal(0)),
    ]
