"""The CDNOW data comes in whole, once, and leaves again."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from crm.models import Activity, Contact, ContactPoint, Purchase, User
from crm.selectors.timeline import timeline_of
from tests.factories.crm import make_contact, make_purchase

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("import_cdnow", *arguments, stdout=out)
    return out.getvalue()


def test_all_customers_and_purchases_come_in_once(owner: User) -> None:
    first = run("--owner", owner.email)
    second = run("--owner", owner.email)

    amount, pieces = (
        sum(Purchase.objects.values_list(field, flat=True)) for field in ("amount", "quantity")
    )
    assert first.startswith("New: 2357 contacts, 6919 purchases.")
    assert second.startswith("New: 0 contacts, 0 purchases.")
    # The totals of the published file.
    assert (amount, pieces) == (Decimal("244091.94"), Decimal(16479))
    assert set(Purchase.objects.values_list("currency", flat=True)) == {"USD"}
    assert Contact.objects.visible_to(owner).count() == 2357


def test_customer_is_found_with_a_timeline(marketer: User) -> None:
    run()

    contact = Contact.objects.search("CDNOW 00004").get()

    days = list(contact.purchases.order_by("purchased_on").values_list("purchased_on", flat=True))
    assert days == [date(1997, 1, 1), date(1997, 1, 18), date(1997, 8, 2), date(1997, 12, 12)]
    assert timeline_of(contact)[0].sentence.startswith("Bought for 26.48 USD")


def test_features_are_as_of_the_last_day_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "features.csv"

    run("--features", str(path))

    with path.open() as file:
        rows = list(csv.DictReader(file))
    # Customer 00004: last bought on 1997-12-12, 200 days before 1998-06-30; 100.50 in all.
    assert len(rows) == 2357
    assert {"recency_days": "200", "frequency": "4", "monetary_amount": "100.50"} in [
        {name: value for name, value in row.items() if name != "key"} for row in rows
    ]


def test_remove_takes_out_what_came_in_and_nothing_else() -> None:
    kept = make_purchase(contact=make_contact(email="kept@customers.example"))
    run()

    said = run("--remove")

    assert said == "Removed 2357 contacts.\n"
    assert list(Purchase.objects.all()) == [kept]
    assert (Contact.objects.count(), ContactPoint.objects.count()) == (1, 1)
    assert not Activity.objects.exists()


def test_unknown_owner_is_refused() -> None:
    with pytest.raises(CommandError, match="No colleague"):
        run("--owner", "nobody@vmcrm.example")


def test_features_that_cannot_be_written_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        run("--features", str(tmp_path / "missing" / "features.csv"))
