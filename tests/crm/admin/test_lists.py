"""Every list opens, and asks the database no more for three rows than for one."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import (
    Competitor,
    CustomerGroup,
    IdentitySuggestion,
    MarketFigure,
    Region,
    Suppression,
    Team,
    User,
)
from tests.factories import crm as make
from tests.factories.meetings import make_meeting, make_registration

pytestmark = pytest.mark.django_db


def make_full_contact(owner: User, n: int) -> Any:
    return make.make_contact(
        owner=owner,
        company=make.make_company(),
        market=make.make_market(),
        email=f"full{n}@customers.example",
    )


def make_figure(owner: User, n: int) -> Any:
    return MarketFigure.objects.create(
        market=make.make_market(),
        metric="size",
        value=Decimal(n),
        unit="pieces",
        source="Census",
        period_start=date(2026, 1, 1),
        period_end=date(2026, 12, 31),
    )


def make_suggestion(owner: User, n: int) -> Any:
    return IdentitySuggestion.objects.create(
        contact_point=make.make_point(),
        contact=make.make_contact(owner=owner),
        name=f"N{n}",
        reason="same_name",
        source="test",
    )


MAKERS: dict[str, Callable[[User, int], Any]] = {
    "contact": make_full_contact,
    "contactpoint": lambda owner, n: make.make_point(contact=make.make_contact(owner=owner)),
    "company": lambda owner, n: make.make_company(owner=owner),
    "task": lambda owner, n: make.make_task(owner, contact=make.make_contact(owner=owner)),
    "activity": lambda owner, n: make.make_activity(
        make.make_point(contact=make.make_contact(owner=owner))
    ),
    "consentevent": lambda owner, n: make.make_consent(make.make_point()),
    "suppression": lambda owner, n: Suppression.objects.create(digest=str(n), reason="blocked"),
    "identitysuggestion": make_suggestion,
    "market": lambda owner, n: make.make_market(),
    "marketfigure": make_figure,
    "region": lambda owner, n: Region.objects.create(
        code=f"Q{n}", name="Q", parent=Region.objects.create(code=f"P{n}", name="P")
    ),
    "customergroup": lambda owner, n: CustomerGroup.objects.create(name=f"Group {n}"),
    "competitor": lambda owner, n: Competitor.objects.create(name=f"Rival {n}"),
    "channel": lambda owner, n: make.make_channel(),
    "campaign": lambda owner, n: make.make_campaign(market=make.make_market(), owner=owner),
    "spend": lambda owner, n: make.make_spend(
        campaign=make.make_campaign(), market=make.make_market()
    ),
    "product": lambda owner, n: make.make_product(),
    "purchase": lambda owner, n: make.make_purchase(
        contact=make.make_contact(owner=owner), product=make.make_product()
    ),
    "team": lambda owner, n: Team.objects.create(
        name=f"Team {n}", parent=Team.objects.create(name=f"Above {n}")
    ),
    "user": lambda owner, n: User.objects.create_user(
        f"user{n}@vmcrm.example", team=Team.objects.create(name=f"Team {n}")
    ),
    "delivery": lambda owner, n: make.make_delivery(
        contact_point=make.make_point(contact=make.make_contact(owner=owner)),
        mailing=make.make_mailing(created_by=owner),
    ),
    "mailing": lambda owner, n: make.make_mailing(created_by=owner),
}
ADDABLE = (
    "contact",
    "company",
    "task",
    "market",
    "marketfigure",
    "region",
    "customergroup",
    "competitor",
    "channel",
    "campaign",
    "spend",
    "product",
    "purchase",
    "team",
    "user",
)


@pytest.fixture
def client_of_admin(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def count_queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(url)
    assert response.status_code == 200, url
    return len(queries)


@pytest.mark.parametrize("model", MAKERS)
def test_list_asks_as_much_for_three_rows_as_for_one(
    model: str, client_of_admin: Client, owner: User
) -> None:
    url = reverse(f"admin:crm_{model}_changelist") + ("?which=open" if model == "task" else "")
    make_one = MAKERS[model]
    make_one(owner, 1)
    # The first page after a login also warms caches that have nothing to do with rows.
    client_of_admin.get(url)
    for_one = count_queries(client_of_admin, url)
    make_one(owner, 2)
    make_one(owner, 3)

    for_three = count_queries(client_of_admin, url)

    assert for_three == for_one
    assert for_one <= 14


@pytest.mark.parametrize("model", MAKERS)
def test_page_of_a_record_opens(model: str, client_of_admin: Client, owner: User) -> None:
    record = MAKERS[model](owner, 1)

    response = client_of_admin.get(reverse(f"admin:crm_{model}_change", args=[record.pk]))

    assert response.status_code == 200


@pytest.mark.parametrize("model", ADDABLE)
def test_form_for_a_new_record_opens(model: str, client_of_admin: Client) -> None:
    assert client_of_admin.get(reverse(f"admin:crm_{model}_add")).status_code == 200


def test_contact_page_asks_as_much_for_three_activities_as_for_one(
    client_of_admin: Client, owner: User
) -> None:
    contact = make_full_contact(owner, 1)
    point = contact.points.get()
    url = reverse("admin:crm_contact_change", args=[contact.pk])

    def add() -> None:
        make.make_activity(point, occurred_at=timezone.now())
        make.make_consent(point)

    add()
    client_of_admin.get(url)
    for_one = count_queries(client_of_admin, url)
    add()
    add()

    assert count_queries(client_of_admin, url) == for_one


@pytest.mark.parametrize("query", ["kovacs", "+49 151 42988357", "polder kov", "@polder.example"])
@pytest.mark.parametrize(
    "address",
    [
        "crm_contact",
        "crm_contactpoint",
        "crm_activity",
        "crm_consentevent",
        "crm_identitysuggestion",
        "meetings_registration",
    ],
)
def test_lists_of_people_are_searched_as_one_types(
    auditor: User, stranger: User, address: str, query: str
) -> None:
    company = make.make_company(name="Polder Medical")
    contact = make.make_contact(name="Eva Kovács", company=company, email="eva@polder.example")
    point = contact.points.get()
    make.make_point("+49 15142988357", kind="phone", contact=contact)
    make.make_activity(point)
    make.make_consent(point)
    make_registration(make_meeting(stranger), contact_point=point)
    IdentitySuggestion.objects.create(
        contact_point=point, contact=contact, name="Eva", reason="same_name", source="test"
    )
    found = {}

    for user in (auditor, stranger):
        client = Client()
        client.force_login(user)
        page = client.get(reverse(f"admin:{address}_changelist"), {"q": query})
        found[user] = page.context["cl"].result_count

    reads_address = address == "meetings_registration" and query.startswith("@")
    assert found[auditor] >= 1
    assert found[stranger] == int(reads_address)  # of their own meeting; the rest is not theirs
