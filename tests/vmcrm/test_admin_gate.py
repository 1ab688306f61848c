"""What an address may ask of the administration. Every class on the site is walked through, so a
new one is covered by itself."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.db import connection, models
from django.http import Http404
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import User
from meetings.models import Meeting
from tests.factories import crm as customers
from tests.factories import meetings
from tests.people import make_user

pytestmark = pytest.mark.django_db

REFUSAL = "The address asks for something that this list does not offer"
SECRET = re.compile(r"password|secret|token|hash|digest|(^|_)(data|mime|key)$")
NO_NUMBER = ("\u00b2", "9" * 30, "9" * 5000, "\0", "2026-02-31")
"""Numbers to Python and none to the database, and a day that no calendar has."""
NO_KEY = (*NO_NUMBER, "-1", "'", '"', "1'--", "x" * 2000, "_", "\U0001f600")
FRAME = {"q", "p", "o", "all", "e", "_facets", "_popup", "_to_field"}


@pytest.fixture
def root() -> User:
    """May everything, also with what comes from Django and allauth."""
    roles = ("sales", "manager", "marketing", "admin", "auditor")
    return make_user("Rita Root", *roles, is_superuser=True)


def is_pair(entry: Any) -> bool:
    """A column with the class that filters by it."""
    return isinstance(entry, tuple)


class Asker:
    """Opens pages of the administration's classes without drawing them: hundreds in seconds."""

    def __init__(self, user: User) -> None:
        self._user = user

    def request(self, **asked: str) -> Any:
        request: Any = RequestFactory().get("/admin/", asked)
        request.user, request.session = self._user, {}
        request._messages = FallbackStorage(request)
        return request

    def list_status(self, model: type[models.Model], **asked: str) -> int:
        answer = admin.site._registry[model].changelist_view(self.request(**asked))
        if answer.status_code == 200:
            list(answer.context_data["cl"].result_list)
        return int(answer.status_code)

    def parameters(self, model: type[models.Model]) -> set[str]:
        """What a list reads from its address."""
        shown = admin.site._registry[model].get_changelist_instance(self.request())
        filters = {name for spec in shown.filter_specs for name in spec.expected_parameters()}
        linked = set(getattr(shown.model_admin, "linked_filters", ()))
        parts = {f"{shown.date_hierarchy}__{part}" for part in ("year", "month", "day")}
        no_owner = {f"{entry[0]}__isnull" for entry in shown.list_filter if is_pair(entry)}
        return filters | linked | no_owner | (parts if shown.date_hierarchy else set())

    def row_status(self, model: type[models.Model], page: str, key: str) -> int:
        view = getattr(admin.site._registry[model], f"{page}_view")
        try:
            return int(view(self.request(), key).status_code)
        except (Http404, PermissionDenied):
            return 404

    def form_status(self, model: type[models.Model], **asked: str) -> int:
        answer = admin.site._registry[model].add_view(self.request(**asked))
        if answer.status_code == 200 and "adminform" in answer.context_data:
            str(answer.context_data["adminform"].form)
        return int(answer.status_code)


@pytest.fixture
def ask(root: User) -> Asker:
    return Asker(root)


@pytest.fixture
def site(client: Client, root: User) -> Client:
    client.force_login(root)
    client.raise_request_exception = False
    return client


def address_of(model: type[models.Model], page: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


LISTS = [model for model in admin.site._registry if model._meta.label != "crm.Organisation"]
"""All but the one that has one row and sends there."""


def lookups(model: type[models.Model]) -> Iterator[str]:
    """Of every column one, and some through relations; each way of comparing has its turn."""
    ways = ("__regex", "__startswith", "", "__gt", "__in", "__icontains", "__exact", "__isnull")
    for number, field in enumerate(model._meta.get_fields()):
        yield f"{field.name}{ways[number % len(ways)]}"
    yield from (
        "password__startswith",
        "owner__password__regex",
        "contact__owner__email",
        "nothing",
    )


def refuses(answer: Any) -> bool:
    return answer.status_code == 400 and REFUSAL in answer.content.decode()


def test_list_refuses_every_lookup_that_it_does_not_offer(ask: Asker) -> None:
    asked = [(model, name) for model in LISTS for name in set(lookups(model))]
    offered = {model: ask.parameters(model) for model in LISTS}

    through = [
        f"{model._meta.label}?{name}"
        for model, name in asked
        if name not in offered[model] and ask.list_status(model, **{name: "1"}) != 400
    ]

    assert not through, "\n".join(through)
    assert len(asked) > 250


def test_regular_expression_of_an_address_never_reaches_the_database(site: Client) -> None:
    address = reverse("admin:crm_user_changelist")
    with CaptureQueriesContext(connection) as queries:
        answer = site.get(address, {"password__regex": "^(a+)+$"})

    assert refuses(answer)
    assert not [query for query in queries if "REGEXP" in query["sql"]]


def test_values_that_no_row_can_have_are_never_a_fault(ask: Asker) -> None:
    statuses = {
        f"{model._meta.label}?{name}={value[:12]!r}": ask.list_status(model, **{name: value})
        for model in LISTS
        for name in ask.parameters(model) | (FRAME if model is Meeting else set())
        for value in NO_NUMBER
    }

    assert {asked for asked, status in statuses.items() if status not in {200, 400}} == set()
    assert len(statuses) > 300


@pytest.mark.parametrize(
    "query",
    [
        "state__exact=nonsense",
        "host__id__exact=abc",
        "starts_at__year=9999",
        "starts_at__year=9999&starts_at__month=12",
        "starts_at__year=2026&starts_at__month=13",
        "starts_at__month=5",
        "starts_at__gte=2026-01-01",
        "_to_field=join_code",
        "kind=launch",
    ],
)
def test_list_that_is_asked_for_nonsense_is_not_shown_whole(site: Client, query: str) -> None:
    for _number in range(2):
        meetings.make_meeting()

    answer = site.get(f"{reverse('admin:meetings_meeting_changelist')}?{query}")

    assert refuses(answer)


def test_filter_that_has_one_choice_alone_filters_all_the_same(
    site: Client, root: User, owner: User
) -> None:
    meeting = meetings.make_meeting(root)
    address = reverse("admin:meetings_meeting_changelist")

    shown = [
        [row.pk for row in site.get(address, {"host__id__exact": pk}).context["cl"].result_list]
        for pk in (root.pk, owner.pk)
    ]

    assert shown == [[meeting.pk], []]


def test_list_opens_by_what_other_pages_link_to(site: Client, root: User) -> None:
    chosen, other = customers.make_contact(), customers.make_contact()
    mailing = customers.make_mailing(created_by=root)
    mail, meeting = customers.make_delivery(mailing=mailing), meetings.make_meeting(root)
    guest = meetings.make_registration(meeting)
    meetings.make_registration()
    customers.make_delivery()

    shown = [
        list(site.get(reverse(f"admin:{name}_changelist"), asked).context["cl"].result_list)
        for name, asked in (
            ("crm_contact", {"id__in": f"{chosen.pk},{other.pk}", "language__isnull": "0"}),
            ("crm_contact", {"id__in": str(chosen.pk)}),
            ("crm_delivery", {"mailing__id__exact": str(mailing.pk)}),
            ("meetings_registration", {"meeting__id__exact": str(meeting.pk)}),
        )
    ]

    assert shown == [[chosen, other], [chosen], [mail], [guest]]


def test_list_that_a_link_narrowed_says_so_and_leads_to_the_whole(site: Client, root: User) -> None:
    mailing = customers.make_mailing(created_by=root)
    customers.make_delivery(mailing=mailing), customers.make_delivery()
    address = reverse("admin:crm_delivery_changelist")

    whole, narrowed = (
        site.get(address, asked).content.decode()
        for asked in ({}, {"mailing__id__exact": str(mailing.pk)})
    )

    assert ("Show all" in whole, "Show all" in narrowed) == (False, True)


def test_no_list_filters_or_searches_by_a_secret() -> None:
    """Also not by way of a filter that it offers."""
    named = [
        (model._meta.label, str(name[0] if isinstance(name, (tuple, list)) else name))
        for model, shown_by in admin.site._registry.items()
        for name in (*shown_by.list_filter, *shown_by.search_fields, shown_by.date_hierarchy or "")
    ]

    assert [(label, name) for label, name in named if SECRET.search(name)] == []
    assert len(named) > 60


def test_pages_of_keys_that_no_row_can_have_are_not_found(ask: Asker) -> None:
    """302: "does not exist", in words, on the first page."""
    statuses = {
        f"{model._meta.label} {page} {key[:12]!r}": ask.row_status(model, page, key)
        for model in admin.site._registry
        for page in ("change", "delete", "history")
        for key in NO_KEY
    }

    assert {asked for asked, status in statuses.items() if status not in {302, 404}} == set()


def test_own_pages_of_numbers_that_no_row_can_have_are_not_found(site: Client) -> None:
    """The pages that our classes add: exports, actions, comparisons."""
    faults, count = [], 0

    for model, shown_by in admin.site._registry.items():
        for pattern in shown_by.get_urls():
            route = str(pattern.pattern)
            if "<int:" not in route:
                continue
            for number in ("9" * 30, "9" * 5000):
                path = re.sub(r"<uuid:\w+>", "0" * 8 + "-0000-4000-8000-" + "0" * 12, route)
                address = address_of(model, "changelist") + re.sub(r"<int:\w+>", number, path)
                count += 1
                answers = {site.get(address).status_code, site.post(address).status_code}
                if not answers <= {301, 302, 403, 404, 405}:
                    faults.append(f"{address[:80]}: {answers}")

    assert not faults, "\n".join(faults)
    assert count > 24


def test_forms_leave_out_what_an_address_cannot_fill_in(ask: Asker) -> None:
    statuses = {
        f"{model._meta.label} {value[:12]!r}": ask.form_status(
            model,
            **{**{field.name: value for field in model._meta.get_fields()}, "kind": "partner"},
        )
        for model, shown_by in admin.site._registry.items()
        if shown_by.has_add_permission(ask.request())
        for value in (NO_NUMBER[0], NO_NUMBER[2], NO_NUMBER[3])
    }

    assert set(statuses.values()) == {200}
    assert len(statuses) > 50


def test_form_says_what_it_left_out_and_keeps_its_own_proposal(site: Client, root: User) -> None:
    contact = customers.make_contact()

    answer = site.get(
        reverse("admin:crm_task_add"),
        {"owner": "abc", "due": "2026-02-31", "contact": contact.pk, "title": "Call"},
    )

    form = answer.context["adminform"].form
    assert (form.initial["owner"], form.initial["title"]) == (root.pk, "Call")
    assert form.initial["contact"] == str(contact.pk)
    page = answer.content.decode()
    assert (
        "The address fills in \u201cowner\u201d with something that is not possible."
        in page.replace("Owner", "owner")
    )


def test_action_or_form_with_a_key_that_is_none_is_refused(site: Client, root: User) -> None:
    contact = customers.make_contact(owner=root)
    action = {"action": "mark_done", "index": "0"}
    form = {"name": "Ada", "points-TOTAL_FORMS": 0, "points-INITIAL_FORMS": 0}

    statuses = [
        site.post(
            f"{reverse('admin:crm_task_changelist')}?which=all", action | {"_selected_action": key}
        ).status_code
        for key in NO_NUMBER
    ] + [
        site.post(
            reverse("admin:crm_contact_change", args=[contact.pk]), form | {"collaborators": key}
        ).status_code
        for key in ("9" * 30,)
    ]

    assert statuses == [400] * 6


def test_lookup_pages_answer_any_term_and_any_page(site: Client) -> None:
    faults, count = [], 0

    for model, shown_by in admin.site._registry.items():
        for name in shown_by.autocomplete_fields:
            asked = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": name,
            }
            for extra in (
                {"term": "a " * 1000},
                {"term": "\0"},
                {"page": "9" * 30},
                {"page": "\u00b2"},
            ):
                count += 1
                status = site.get(reverse("admin:autocomplete"), asked | extra).status_code
                if status not in {200, 404}:
                    faults.append(f"{model._meta.label}.{name} {extra}: {status}"[:120])

    assert not faults, "\n".join(faults)
    assert count > 60


def test_search_of_a_thousand_words_is_answered_for_its_first_ones(
    site: Client, ask: Asker
) -> None:
    contact = customers.make_contact(name="Wang Fang", email="wang@customers.example")
    words = "wang fang " * 10 + "nobody " * 1000

    statuses = {ask.list_status(model, q=words) for model in LISTS}
    answer = site.get(reverse("admin:crm_contact_changelist"), {"q": words})
    chosen = site.get(reverse("admin:crm_contact_assign_owner"), {"filter": f"q={words}"})

    assert statuses == {200}
    assert list(answer.context["cl"].result_list) == [contact]
    assert "The search is long: only its first words count." in answer.content.decode()
    assert chosen.context["contact_count"] == 1


@pytest.mark.parametrize("name", ["id__in", "owner__id__exact", "engaged", "nothing"])
@pytest.mark.parametrize("value", [*NO_NUMBER, "a" * 70_000, "1," * 300_000 + "1"])
def test_action_with_a_filter_that_is_none_chooses_nobody(
    site: Client, name: str, value: str
) -> None:
    customers.make_contact(email="ada@customers.example")
    filter_text = f"{name}={value}"

    answer = site.post(
        reverse("admin:crm_contact_assign_owner"), {"filter": filter_text, "owner": value}
    )

    assert (answer.status_code, answer.context["contact_count"]) == (200, 0)
