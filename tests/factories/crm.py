"""Rows of the crm app with sensible values; every value can be given."""

import itertools
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from crm.models import (
    Activity,
    Campaign,
    Channel,
    Company,
    ConsentEvent,
    Contact,
    ContactPoint,
    CustomerGroup,
    Delivery,
    Mailing,
    Market,
    Product,
    Purchase,
    Region,
    Spend,
    Task,
    User,
)

_numbers = itertools.count(1)


def make_company(**fields: Any) -> Company:
    fields.setdefault("name", f"Company {next(_numbers)}")
    return Company.objects.create(**fields)


def make_contact(*, email: str | None = None, **fields: Any) -> Contact:
    """A contact; with `email` also its verified address."""
    fields.setdefault("name", f"Contact {next(_numbers)}")
    if "owner" in fields and fields["owner"] is not None:
        fields.setdefault("team", fields["owner"].team)
    contact = Contact.objects.create(**fields)
    if email is not None:
        make_point(email, contact=contact, verified_at=timezone.now())
    return contact


def make_point(value: str | None = None, **fields: Any) -> ContactPoint:
    """An e-mail address, by default unverified and of nobody."""
    value = value or f"person{next(_numbers)}@customers.example"
    return ContactPoint.objects.create(value=value, **fields)


def make_consent(point: ContactPoint, **fields: Any) -> ConsentEvent:
    fields = {
        "purpose": "marketing",
        "channel": "email",
        "state": "granted",
        "wording_version": "marketing-1",
        "source": "test",
    } | fields
    return ConsentEvent.objects.create(contact_point=point, **fields)


def make_activity(point: ContactPoint, **fields: Any) -> Activity:
    fields = {"kind": "note", "occurred_at": timezone.now()} | fields
    return Activity.objects.create(contact_point=point, **fields)


def make_task(owner: User, **fields: Any) -> Task:
    fields.setdefault("title", f"Task {next(_numbers)}")
    fields.setdefault("due", timezone.localdate() + timedelta(days=1))
    return Task.objects.create(owner=owner, **fields)


def make_market(**fields: Any) -> Market:
    number = next(_numbers)
    if "region" not in fields:
        fields["region"] = Region.objects.create(code=_region_code(number), name=f"Region {number}")
    if "customer_group" not in fields:
        fields["customer_group"] = CustomerGroup.objects.create(name=f"Group {number}")
    return Market.objects.create(**fields)


def make_product(**fields: Any) -> Product:
    number = next(_numbers)
    fields = {"code": f"P-{number}", "name": f"Product {number}"} | fields
    return Product.objects.create(**fields)


def make_purchase(**fields: Any) -> Purchase:
    fields = {
        "purchased_on": date(2026, 3, 2),
        "amount": Decimal("100.00"),
        "currency": "EUR",
    } | fields
    if "contact" not in fields and "company" not in fields:
        fields["contact"] = make_contact()
    return Purchase.objects.create(**fields)


def make_channel(**fields: Any) -> Channel:
    fields = {"name": f"Channel {next(_numbers)}", "kind": "ads"} | fields
    return Channel.objects.create(**fields)


def make_campaign(**fields: Any) -> Campaign:
    return Campaign.objects.create(**({"name": f"Campaign {next(_numbers)}"} | fields))


def make_spend(**fields: Any) -> Spend:
    fields = {"month": date(2026, 3, 1), "amount": Decimal("50.00"), "currency": "EUR"} | fields
    fields.setdefault("channel", None)
    if fields["channel"] is None:
        fields["channel"] = make_channel()
    return Spend.objects.create(**fields)


def make_delivery(**fields: Any) -> Delivery:
    number = next(_numbers)
    fields = {
        "purpose_key": f"test:{number}",
        "address": f"person{number}@customers.example",
        "composer": "crm.composed",
        "parameters": {"subject": "Hello", "text": "Hello there.", "html": "<p>Hello there.</p>"},
    } | fields
    return Delivery.objects.create(**fields)


def make_mailing(**fields: Any) -> Mailing:
    fields = {
        "composer": "crm.composed",
        "consent_purpose": "marketing",
        "purpose_key_prefix": f"mailing:{next(_numbers)}",
    } | fields
    return Mailing.objects.create(**fields)


def _region_code(number: int) -> str:
    """AA, AB, …: codes that look like countries."""
    first, second = divmod(number, 26)
    return f"{chr(65 + first % 26)}{chr(65 + second)}"
