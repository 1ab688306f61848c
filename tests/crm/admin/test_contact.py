"""The contact's page and the bulk actions that carry the list's filter."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import Contact, User
from crm.selectors.contacts import filtered_contacts
from crm.services import profile, scores
from tests.factories.crm import make_activity, make_company, make_contact, make_market, make_point

pytestmark = pytest.mark.django_db
LIST = "admin:crm_contact_changelist"


@pytest.fixture
def client(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def test_page_shows_timeline_consents_and_contradicting_facts(client: Client, owner: User) -> None:
    contact = make_contact(owner=owner, email="a@customers.example")
    make_activity(contact.points.get(), kind="call", subject_title="Offer for pumps")
    for value in ("engineer", "buyer"):
        profile.record_fact(contact=contact, key="occupation", value=value, source="survey")

    page = client.get(reverse("admin:crm_contact_change", args=[contact.pk])).content.decode()

    assert "Call: Offer for pumps" in page
    assert "Sources disagree" in page


def test_page_says_what_the_engagement_is_made_of(client: Client, owner: User) -> None:
    contact = make_contact(owner=owner, email="a@customers.example")
    for kind in ("attended", "attended", "rated", "no_show"):
        make_activity(contact.points.get(), kind=kind)
    scores.recompute_engagement(contact_ids=[contact.pk])

    response = client.get(reverse("admin:crm_contact_change", args=[contact.pk]))

    parts = response.context["engagement"]
    assert [(str(part.label), part.count, part.points) for part in parts] == [
        ("Attended", 2, 20),
        ("Rated", 1, 2),
    ]
    contact.refresh_from_db()
    assert contact.engagement_score == sum(part.points for part in parts)
    assert "22 points, for what this person did" in " ".join(response.content.decode().split())


def test_timeline_shows_what_somebody_wrote_escaped_and_folds_the_rest(
    client: Client, owner: User
) -> None:
    contact = make_contact(owner=owner, email="a@customers.example")
    words = ["What does it cost?", "<b>bold</b>", "Third", "Fourth"]
    make_activity(contact.points.get(), kind="chatted", data={"words": words})

    page = client.get(reverse("admin:crm_contact_change", args=[contact.pk])).content.decode()

    shown, _, folded = page.partition("Everything written")
    assert "What does it cost?" in shown
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown
    assert "Fourth" not in shown
    assert "Fourth" in folded


def add_addresses(client: Client, contact: Contact, *addresses: str) -> str:
    """The page that comes back when somebody types these addresses on the contact's page."""
    form: dict[str, Any] = {
        "name": contact.name,
        "owner": contact.owner_id or "",
        "team": contact.team_id or "",
        "points-TOTAL_FORMS": len(addresses),
        "points-INITIAL_FORMS": 0,
        "profile-TOTAL_FORMS": 0,
        "profile-INITIAL_FORMS": 0,
    }
    for number, address in enumerate(addresses):
        form |= {f"points-{number}-kind": "email", f"points-{number}-value": address}
    answer = client.post(reverse("admin:crm_contact_change", args=[contact.pk]), form)
    return answer.content.decode()


NEUTRAL = "This address cannot be added here. An administrator can look up why."


def test_address_of_another_teams_contact_is_refused_as_one_of_nobody(
    client: Client, owner: User, stranger: User
) -> None:
    """Word for word: which of the two it is cannot be told."""
    theirs = make_contact(name="Karel Lindner", owner=owner, email="karel@customers.example")
    make_point("guest@customers.example")
    mine = make_contact(owner=stranger)
    client.force_login(stranger)

    pages = [
        add_addresses(client, mine, address)
        for address in ("Karel@Customers.example", "Guest@Customers.example")
    ]

    assert [NEUTRAL in page for page in pages] == [True, True]
    assert [theirs.name in page for page in pages] == [False, False]
    assert without_secrets(pages[0]) == without_secrets(pages[1]).replace("Guest@", "Karel@")
    assert mine.points.count() == 0


def without_secrets(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_address_of_a_visible_contact_leads_to_that_contact(client: Client, owner: User) -> None:
    known = make_contact(name="Karel <Lindner>", owner=owner, email="karel@customers.example")
    client.force_login(owner)

    page = add_addresses(client, make_contact(owner=owner), "Karel@Customers.example")

    address = reverse("admin:crm_contact_change", args=[known.pk])
    link = f'<a href="{address}">Karel &lt;Lindner&gt;</a>'
    assert f"This address belongs to {link}." in page
    assert NEUTRAL not in page


def test_address_of_nobody_leads_who_sees_it_to_its_page(
    client: Client, administrator: User
) -> None:
    point = make_point("guest@customers.example")
    client.force_login(administrator)

    page = add_addresses(client, make_contact(), "guest@customers.example")

    assert reverse("admin:crm_contactpoint_change", args=[point.pk]) in page
    assert "Somebody registered with this address" in page


def test_address_typed_twice_is_refused_with_a_sentence(client: Client, owner: User) -> None:
    client.force_login(owner)
    contact = make_contact(owner=owner)

    page = add_addresses(client, contact, "a@customers.example", "A@customers.example")

    assert "This address stands here twice." in page
    assert contact.points.count() == 0


def test_new_contact_belongs_to_whoever_adds_it(client: Client, owner: User) -> None:
    form = client.get(reverse("admin:crm_contact_add")).context["adminform"].form

    assert (form.initial["owner"], form.initial["team"]) == (owner.pk, owner.team_id)


QUERIES = (
    "",
    "q=wang",
    "q=张",
    "q=张伟",
    "q=wang.f",
    "q=hengrui",
    "q=nobody+here",
    "whose=own",
    "whose=team",
    "whose=shared",
    "whose=nobody",
    "engaged=0",
    "engaged=10",
    "language__exact=zh-hans",
    "source=fair",
    "is_internal__exact=1",
    "is_internal__exact=0",
    "market__id__exact={market}",
    "owner__id__exact={owner}",
    "market__isnull=True",
    "q=wang&language__exact=en&o=-1&p=1",
)


@pytest.mark.parametrize("query", QUERIES)
def test_filter_of_the_list_means_the_same_to_a_bulk_action(
    query: str, manager: User, owner: User
) -> None:
    market = make_market()
    make_contact(
        name="张伟",
        owner=owner,
        language="zh-hans",
        market=market,
        source="fair",
        company=make_company(name="Hengrui"),
        engagement_score=12,
    )
    make_contact(name="Wang Fang", owner=owner, language="en", email="wang.fang@customers.example")
    make_contact(name="Inner Wang", owner=manager, team=manager.team, is_internal=True)
    make_contact(name="Hidden Wang")
    shared = make_contact(name="Shared")
    shared.collaborators.add(manager)
    query = query.format(market=market.pk, owner=owner.pk)
    client = Client()
    client.force_login(manager)

    listed = client.get(f"{reverse(LIST)}?{query}").context["cl"].queryset
    chosen = filtered_contacts(manager, query)

    assert sorted(listed.values_list("name", flat=True)) == sorted(
        chosen.values_list("name", flat=True)
    )


@pytest.mark.parametrize("query", ["surprise=1", "owner__id__exact=x", "id__in=1,x", "whose=all"])
def test_filter_that_is_not_understood_chooses_nobody(query: str, owner: User) -> None:
    make_contact(owner=owner)

    assert list(filtered_contacts(owner, query)) == []


def test_filter_never_reaches_beyond_what_one_sees(owner: User, stranger: User) -> None:
    contact = make_contact(owner=owner)

    assert list(filtered_contacts(stranger, f"id__in={contact.pk}")) == []
    assert list(filtered_contacts(owner, f"id__in={contact.pk}")) == [contact]


def choose_action(client: Client, query: str, **form: Any) -> str:
    response = client.post(f"{reverse(LIST)}?{query}", form)
    assert response.status_code == 302
    return str(response.headers["Location"])


def test_action_on_the_whole_list_carries_the_filter(client: Client, owner: User) -> None:
    contacts = [make_contact(owner=owner, language="en") for _ in range(2)]

    location = choose_action(
        client,
        "language__exact=en",
        action="assign_owner",
        select_across="1",
        _selected_action=[contacts[0].pk],
    )

    assert parse_qs(urlsplit(location).query)["filter"] == ["language__exact=en"]


def test_action_on_ticked_rows_means_those_rows(client: Client, owner: User) -> None:
    chosen, other = make_contact(owner=owner), make_contact(owner=owner)

    location = choose_action(
        client, "", action="assign_owner", select_across="0", _selected_action=[chosen.pk]
    )

    filter_text = parse_qs(urlsplit(location).query)["filter"][0]
    assert list(filtered_contacts(owner, filter_text)) == [chosen]
    assert other.pk


def test_whole_filter_is_given_to_a_colleague(client: Client, owner: User, teammate: User) -> None:
    chosen = [make_contact(owner=owner, language="en") for _ in range(2)]
    kept = make_contact(owner=owner, language="zh-hans")
    page = reverse("admin:crm_contact_assign_owner")

    shown = client.get(page, {"filter": "language__exact=en"})
    client.post(page, {"filter": "language__exact=en", "owner": teammate.pk})

    kept.refresh_from_db()
    assert "2 contacts are chosen." in shown.content.decode()
    assert set(Contact.objects.filter(owner=teammate)) == set(chosen)
    assert kept.owner == owner


def test_auditor_cannot_give_contacts_away(auditor: User, teammate: User, owner: User) -> None:
    contact = make_contact(owner=owner)
    client = Client()
    client.force_login(auditor)

    response = client.post(
        reverse("admin:crm_contact_assign_owner"), {"filter": "", "owner": teammate.pk}
    )

    contact.refresh_from_db()
    assert (response.status_code, contact.owner) == (403, owner)


def test_stranger_cannot_give_away_what_is_not_visible(
    stranger: User, owner: User, teammate: User
) -> None:
    contact = make_contact(owner=owner)
    client = Client()
    client.force_login(stranger)

    client.post(
        reverse("admin:crm_contact_assign_owner"),
        {"filter": f"id__in={contact.pk}", "owner": stranger.pk},
    )

    contact.refresh_from_db()
    assert contact.owner == owner


def test_verified_address_shows_when(client: Client, owner: User) -> None:
    contact = make_contact(owner=owner)
    make_point("a@customers.example", contact=contact, verified_at=timezone.now())

    assert client.get(reverse("admin:crm_contact_change", args=[contact.pk])).status_code == 200
