"""Forms of the administration: whatever a label, a description or a heading points at is there."""

import contextlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from crm.models import (
    Competitor,
    IdentitySuggestion,
    MarketFigure,
    Organisation,
    Suppression,
    User,
)
from crm.models.organisation import ONLY_ROW
from tests.factories import analytics as figures
from tests.factories import crm as customers
from tests.factories import meetings
from tests.people import make_user

pytestmark = pytest.mark.django_db

POINTERS = (
    *("aria-describedby", "aria-labelledby", "aria-controls", "aria-owns"),
    *("aria-activedescendant", "aria-errormessage", "aria-details", "for", "form", "list"),
)


@dataclass
class References(HTMLParser):
    """The ids of a page, what points at them, and the fields that have to be filled in to send."""

    ids: Counter[str] = field(default_factory=Counter)
    pointers: list[tuple[str, str, str]] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids[values["id"]] += 1
        for name in POINTERS:
            for wanted in values.get(name, "").split():
                self.pointers.append((tag, name, wanted))
        if values.get("type") == "hidden" and "name" in values:
            self.hidden[values["name"]] = values.get("value", "")

    def find_faults(self) -> list[str]:
        dead = [
            f'<{tag} {name}="{wanted}"> points nowhere'
            for tag, name, wanted in self.pointers
            if wanted not in self.ids
        ]
        return dead + [f'id="{name}" stands twice' for name, times in self.ids.items() if times > 1]


def read(answer: Any) -> References:
    page = References()
    page.feed(answer.content.decode())
    return page


@pytest.fixture
def root(db: None) -> User:
    """May everything, also with what comes from Django and allauth."""
    roles = ("sales", "manager", "marketing", "admin", "auditor")
    return make_user("Rita Root", *roles, is_superuser=True)


@pytest.fixture
def one_of_each(root: User) -> None:
    """A row for every page that shows one; inline rows where a page has them."""
    contact = customers.make_contact(email="ada@customers.example", owner=root)
    point = contact.points.get()
    market = customers.make_market()
    MarketFigure.objects.create(
        market=market,
        period_start=date(2026, 1, 1),
        period_end=date(2026, 12, 31),
        metric=MarketFigure.Metric.values[0],
        value=Decimal(7),
        unit="pieces",
        source="A study",
    )
    customers.make_company()
    customers.make_consent(point)
    customers.make_activity(point)
    customers.make_task(root)
    customers.make_purchase(contact=contact, product=customers.make_product())
    customers.make_spend()
    customers.make_campaign()
    customers.make_delivery()
    customers.make_mailing(created_by=root)
    Competitor.objects.create(name="The other one")
    IdentitySuggestion.objects.create(contact_point=point, contact=contact, name="Ada", reason="x")
    Suppression.objects.create(digest="0" * 64, reason=Suppression.Reason.values[0])
    Organisation.objects.get_or_create(pk=ONLY_ROW)
    meetings.make_registration(meetings.make_meeting(root))
    figures.make_score_run(requested_by=root)
    figures.make_issue(figures.make_schedule(root))


def addresses() -> dict[str, list[str]]:
    """Add and change page of every model of the administration, as far as there is one."""
    found: dict[str, list[str]] = {}
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").last()
        pages = [(f"{name}_add", [])] + ([(f"{name}_change", [row.pk])] if row else [])
        for page, arguments in pages:
            with contextlib.suppress(NoReverseMatch):
                found.setdefault(model._meta.label, []).append(reverse(page, args=arguments))
    found["meetings.Meeting"].append(reverse("admin:meetings_meeting_add") + "?kind=partner")
    return found


@pytest.mark.usefixtures("one_of_each")
def test_forms_point_at_what_is_there(client: Client, root: User) -> None:
    """As they open, and as they come back with everything left empty."""
    client.force_login(root)
    faults, pointers, opened = [], 0, set()

    for label, pages in addresses().items():
        for address in pages:
            answer = client.get(address)
            if answer.status_code != 200:
                continue  # written by the system: nobody adds one
            opened.add(label)
            form = read(answer)
            refused = read(client.post(address, form.hidden))
            for page in (form, refused):
                pointers += len(page.pointers)
                faults += [f"{address}: {fault}" for fault in page.find_faults()]

    assert not faults, "\n".join(faults)
    assert pointers > 500
    assert {model._meta.label for model in admin.site._registry} - opened == set()


@pytest.mark.usefixtures("one_of_each")
def test_forms_that_can_only_be_read_point_at_what_is_there(client: Client, auditor: User) -> None:
    client.force_login(auditor)
    faults, opened = [], set()

    for label, pages in addresses().items():
        for address in pages:
            answer = client.get(address)
            if answer.status_code == 200:
                opened.add(label)
                faults += [f"{address}: {fault}" for fault in read(answer).find_faults()]

    assert not faults, "\n".join(faults)
    assert len(opened) > 20


@pytest.mark.usefixtures("one_of_each")
def test_help_of_a_table_is_in_every_row_and_in_the_empty_one(client: Client, root: User) -> None:
    client.force_login(root)
    market = MarketFigure.objects.get().market

    page = read(client.get(reverse("admin:crm_market_change", args=[market.pk])))

    rows = ("0", "__prefix__")
    assert [f"id_figures-{row}-unit_helptext" in page.ids for row in rows] == [True, True]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<input id="a" aria-describedby="a_helptext">', 'aria-describedby="a_helptext"'),
        ('<label for="id_a">A</label><input id="a">', 'for="id_a"'),
        ('<input id="a"><p id="a"></p>', "stands twice"),
    ],
)
def test_dead_reference_is_found(body: str, fault: str) -> None:
    page = References()
    page.feed(body)

    assert [fault in found for found in page.find_faults()] == [True]
