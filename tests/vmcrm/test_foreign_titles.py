"""Nothing in the administration names what belongs to another team: not a list, a filter, a form's
choices, a search while typing, nor what a deletion would touch. Every class is walked through."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from crm.models import IdentitySuggestion, Team, User
from meetings.models import Meeting
from tests.factories import analytics as figures
from tests.factories import crm as customers
from tests.factories import meetings
from tests.people import make_user

pytestmark = pytest.mark.django_db

MARK = "northernsecret"
KINDS = ("regression", "segments", "budget")


@pytest.fixture
def restricted(south: Team) -> User:
    """May write nearly everything, and sees only the South."""
    return make_user("Sanna South", "sales", "manager", team=south)


@pytest.fixture
def northern_world(owner: User) -> None:
    """A row of every kind that belongs to somebody in the North, beside what all see."""
    market, product, channel = (
        customers.make_market(),
        customers.make_product(),
        customers.make_channel(),
    )
    campaign = customers.make_campaign(market=market)
    company = customers.make_company(name=MARK, owner=owner, team=owner.team)
    contact = customers.make_contact(
        name=MARK, owner=owner, company=company, market=market, source=MARK
    )
    point = customers.make_point(f"{MARK}@customers.example", contact=contact)
    customers.make_consent(point, source=MARK)
    customers.make_activity(point, subject_title=MARK, market=market, campaign=campaign)
    customers.make_task(owner, title=MARK, contact=contact)
    customers.make_purchase(contact=contact, company=company, product=product, source=MARK)
    customers.make_spend(channel=channel, campaign=campaign, market=market)
    mailing = customers.make_mailing(created_by=owner, title=MARK, purpose_key_prefix=MARK)
    customers.make_delivery(subject=MARK, mailing=mailing, address=f"{MARK}@customers.example")
    IdentitySuggestion.objects.create(
        contact_point=point, contact=contact, name=MARK, reason="shared", source=MARK
    )
    meeting = meetings.make_meeting(owner, title=MARK, campaign=campaign, market=market)
    meetings.make_registration(meeting, name=MARK, contact_point=point, source=MARK[:10])
    figures.make_score_run(subject_title=MARK, requested_by=owner)
    figures.make_issue(figures.make_schedule(owner, title=MARK))
    figures.make_issue(figures.make_schedule(owner, title=f"{MARK} again"))


def own_world(user: User) -> None:
    """Two of what a filter offers, so that it is shown."""
    for _number in range(2):
        figures.make_issue(figures.make_schedule(user))


def pages() -> Iterator[str]:
    yield reverse("admin:index")
    yield reverse("admin:meetings_meeting_invite_filter")
    yield reverse("admin:crm_contact_assign_owner")
    yield from (f"{reverse('admin:analytics_run_add')}?kind={kind}" for kind in KINDS)
    yield reverse("admin:meetings_meeting_add") + "?kind=partner"
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist") + "?_facets"
        yield reverse(f"{name}_add")
        if (row := model._default_manager.order_by("pk").first()) is not None:
            yield reverse(f"{name}_change", args=[row.pk])
            yield reverse(f"{name}_delete", args=[row.pk])


def lookups() -> Iterator[dict[str, str]]:
    for model, shown_by in admin.site._registry.items():
        for name in shown_by.autocomplete_fields:
            names = {"app_label": model._meta.app_label, "model_name": str(model._meta.model_name)}
            yield {**names, "field_name": name, "term": MARK}


@pytest.mark.usefixtures("northern_world")
def test_administration_names_nothing_of_another_team(
    client: Client, restricted: User, administrator: User
) -> None:
    own_world(restricted)
    client.force_login(restricted)

    named = [page for page in pages() if MARK in client.get(page).content.decode()]
    found = [
        asked
        for asked in lookups()
        if MARK in client.get(reverse("admin:autocomplete"), asked).content.decode()
    ]

    assert (named, found) == ([], [])
    client.force_login(administrator)
    seen = [
        page
        for page in pages()
        if page.endswith("_facets") and MARK in client.get(page).content.decode()
    ]
    assert len(seen) >= 12


@pytest.mark.usefixtures("northern_world")
def test_way_to_a_public_page_asks_for_the_right_to_see_the_record(
    client: Client, restricted: User, administrator: User
) -> None:
    """No class shows such a way today; typed by hand it must not tell a meeting's public id."""
    meeting = Meeting.objects.get()
    kind = ContentType.objects.get_for_model(Meeting).pk
    addresses = [
        reverse("admin:view_on_site", args=args)
        for args in ((kind, meeting.pk), (kind, 10**30), ("²", 1), (10**30, "x"), (kind, "²"))
    ]
    answers = []
    for user in (restricted, administrator):
        client.force_login(user)
        answers += [client.get(address) for address in addresses]

    assert {answer.status_code for answer in answers} == {404}
    assert str(meeting.public_id) not in "".join(answer.content.decode() for answer in answers)
