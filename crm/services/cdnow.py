"""The CDNOW purchases as contacts: real, anonymous people of 1997/98 (see crm/data/cdnow)."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from crm.models import Activity, Contact, ContactPoint, Purchase, User
from crm.search_words import build_search_words
from crm.services.purchases import PurchaseRow, record_purchases

SOURCE = "cdnow"
FILE = Path(__file__).resolve().parent.parent / "data" / "cdnow" / "purchases.csv"
_BATCH = 500


@dataclass(frozen=True)
class ImportCount:
    """What was new; importing again finds everything there."""

    contacts: int
    purchases: int


def import_customers(*, owner: User | None = None) -> ImportCount:
    """Bring in all customers with their purchases, or what is missing of them."""
    with FILE.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    with transaction.atomic():
        customers = sorted({line["customer"] for line in lines})
        new = _create_contacts(customers, owner)
        contact_ids = _contact_ids()
        rows = [
            PurchaseRow(
                contact_id=contact_ids[line["customer"]],
                purchased_on=date.fromisoformat(line["date"]),
                quantity=Decimal(line["quantity"]),
                amount=Decimal(line["amount"]),
                currency="USD",
                source_key=str(number),
            )
            for number, line in enumerate(lines, start=2)
        ]
        purchases = record_purchases(rows=rows, source=SOURCE)
    return ImportCount(contacts=new, purchases=purchases)


def _create_contacts(customers: list[str], owner: User | None) -> int:
    known = _contact_ids()
    contacts = [
        Contact(
            name=(name := f"CDNOW customer {customer}"),
            search_words=build_search_words(name),
            source=SOURCE,
            owner=owner,
            team=owner.team if owner else None,
        )
        for customer in customers
        if customer not in known
    ]
    Contact.objects.bulk_create(contacts, batch_size=_BATCH)
    ContactPoint.objects.bulk_create(
        [
            ContactPoint(
                contact=contact,
                kind=ContactPoint.Kind.HANDLE,
                value=(handle := f"{SOURCE}:{contact.name.rpartition(' ')[2]}"),
                normalised=handle,
            )
            for contact in contacts
        ],
        batch_size=_BATCH,
    )
    return len(contacts)


def _contact_ids() -> dict[str, int]:
    """Contacts by the customer's number in the file."""
    points = ContactPoint.objects.filter(
        kind=ContactPoint.Kind.HANDLE, normalised__startswith=f"{SOURCE}:", contact__isnull=False
    )
    return {
        handle.partition(":")[2]: contact_id
        for handle, contact_id in points.values_list("normalised", "contact")
        if contact_id is not None
    }


def remove_customers() -> int:
    """Take out what the import brought in; gives how many contacts left."""
    with transaction.atomic():
        points = ContactPoint.objects.filter(
            kind=ContactPoint.Kind.HANDLE, normalised__startswith=f"{SOURCE}:"
        )
        count = len(_contact_ids())
        Activity.objects.filter(contact_point__in=points).delete()
        Purchase.objects.filter(source=SOURCE).delete()
        Contact.objects.filter(source=SOURCE, points__in=points).delete()
        points.delete()
    return count
