"""Features of customers: what counts, from which day, for whom."""

from datetime import date
from decimal import Decimal

import pytest

from crm.models import User
from crm.selectors.purchases import customer_features, pseudonym
from tests.factories.crm import make_company, make_contact, make_purchase

pytestmark = pytest.mark.django_db


def test_features_of_a_customer_with_three_purchases_on_two_days(owner: User) -> None:
    contact = make_contact(owner=owner)
    for day, amount in ((1, "10.00"), (11, "20.50"), (11, "0.50")):
        make_purchase(contact=contact, purchased_on=date(2026, 3, day), amount=Decimal(amount))

    (row,) = customer_features(user=owner, reference=date(2026, 3, 31))

    assert (row.recency_days, row.frequency, row.tenure_days) == (20, 2, 30)
    assert (row.monetary_amount, row.currency) == (Decimal("31.00"), "EUR")
    assert row.key == pseudonym(contact.public_id)
    assert contact.name not in repr(row)


def test_other_currencies_internal_people_and_companies_are_left_out(owner: User) -> None:
    contact = make_contact(owner=owner)
    make_purchase(contact=contact)
    make_purchase(contact=contact)
    make_purchase(contact=make_contact(owner=owner), currency="USD")
    make_purchase(contact=make_contact(owner=owner, is_internal=True))
    make_purchase(company=make_company(owner=owner))

    rows = customer_features(user=owner, reference=date(2026, 4, 1))

    assert [row.key for row in rows] == [pseudonym(contact.public_id)]
    assert rows[0].monetary_amount == Decimal("200.00")


def test_strangers_customers_are_left_out(owner: User, stranger: User) -> None:
    make_purchase(contact=make_contact(owner=owner))

    assert len(customer_features(user=owner)) == 1
    assert customer_features(user=stranger) == []
