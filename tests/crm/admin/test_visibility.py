"""Who sees and changes which record: lists, pages, autocompletes and actions give one answer."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Contact, Task, User
from tests.factories.crm import make_contact, make_point, make_task

pytestmark = pytest.mark.django_db

PEOPLE = ("owner", "teammate", "stranger", "manager", "auditor", "marketer", "attendee_account")
SEES = {"owner", "manager", "auditor", "marketer"}
CHANGES = {"owner", "manager", "marketer"}


@pytest.fixture
def contact(owner: User) -> Contact:
    return make_contact(name="Wang Fang", owner=owner, email="wang.fang@customers.example")


@pytest.fixture(params=PEOPLE)
def person(request: pytest.FixtureRequest) -> tuple[str, User]:
    return request.param, request.getfixturevalue(request.param)


def open_page(user: User, name: str, *args: Any, **query: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(reverse(f"admin:{name}", args=args), query)


def names_in_list(response: Any) -> list[str]:
    return [str(row) for row in response.context["cl"].result_list]


def test_list_shows_the_contact_to_those_who_may_see_it(
    contact: Contact, person: tuple[str, User]
) -> None:
    name, user = person

    response = open_page(user, "crm_contact_changelist")

    if name == "attendee_account":
        assert response.status_code == 302
    else:
        assert names_in_list(response) == (["Wang Fang"] if name in SEES else [])


def test_search_finds_the_contact_only_for_those_who_may_see_it(
    contact: Contact, person: tuple[str, User]
) -> None:
    name, user = person
    if name == "attendee_account":
        return

    found = names_in_list(open_page(user, "crm_contact_changelist", q="wang.fang@"))

    assert found == (["Wang Fang"] if name in SEES else [])


def test_page_opens_for_those_who_may_see_the_contact(
    contact: Contact, person: tuple[str, User]
) -> None:
    name, user = person

    response = open_page(user, "crm_contact_change", contact.pk)

    if name in SEES:
        assert response.status_code == 200
        assert "wang.fang@customers.example" in response.content.decode()
    else:
        assert response.status_code == 302
        assert "wang.fang" not in response.content.decode()


def test_change_is_saved_for_those_who_may_make_it(
    contact: Contact, person: tuple[str, User]
) -> None:
    name, user = person
    client = Client()
    client.force_login(user)

    client.post(reverse("admin:crm_contact_change", args=[contact.pk]), form_of(contact))

    contact.refresh_from_db()
    assert contact.name == ("Wang Fang-Li" if name in CHANGES else "Wang Fang")


def form_of(contact: Contact) -> dict[str, Any]:
    return {
        "name": "Wang Fang-Li",
        "owner": contact.owner_id,
        "team": contact.team_id or "",
        "language": "",
        "time_zone": "",
        "source": "",
        "points-TOTAL_FORMS": 0,
        "points-INITIAL_FORMS": 0,
        "profile-TOTAL_FORMS": 0,
        "profile-INITIAL_FORMS": 0,
    }


def test_autocomplete_offers_visible_contacts_only(
    contact: Contact, person: tuple[str, User]
) -> None:
    name, user = person
    if name == "attendee_account":
        return

    response = open_page(
        user, "autocomplete", app_label="crm", model_name="task", field_name="contact", term="wang"
    )

    offered = [row["text"] for row in response.json()["results"]]
    assert offered == (["Wang Fang"] if name in SEES else [])


def test_task_for_an_invisible_contact_is_refused(contact: Contact, stranger: User) -> None:
    client = Client()
    client.force_login(stranger)

    response = client.post(
        reverse("admin:crm_task_add"),
        {"title": "Call", "due": "2026-12-01", "owner": stranger.pk, "contact": contact.pk},
    )

    assert response.status_code == 200
    assert "contact" in response.context["adminform"].form.errors
    assert not Task.objects.exists()


def test_collaborator_sees_the_contact(contact: Contact, teammate: User) -> None:
    contact.collaborators.add(teammate)

    assert names_in_list(open_page(teammate, "crm_contact_changelist")) == ["Wang Fang"]


def test_contact_without_owner_is_for_wide_roles(owner: User, marketer: User) -> None:
    make_contact(name="Nobody's")

    assert names_in_list(open_page(owner, "crm_contact_changelist")) == []
    assert names_in_list(open_page(marketer, "crm_contact_changelist")) == ["Nobody's"]


def test_action_on_a_forged_id_changes_nothing(owner: User, stranger: User) -> None:
    task = make_task(owner)
    client = Client()
    client.force_login(stranger)

    client.post(
        reverse("admin:crm_task_changelist") + "?which=all",
        {"action": "mark_done", "_selected_action": [task.pk]},
    )

    task.refresh_from_db()
    assert not task.is_done


def test_auditor_gets_no_action_that_changes_something(auditor: User, owner: User) -> None:
    task = make_task(owner)
    client = Client()
    client.force_login(auditor)

    client.post(
        reverse("admin:crm_task_changelist") + "?which=all",
        {"action": "mark_done", "_selected_action": [task.pk]},
    )

    task.refresh_from_db()
    assert not task.is_done


def test_address_of_nobody_is_for_wide_roles(owner: User, auditor: User) -> None:
    make_point("claimed@customers.example")

    assert names_in_list(open_page(owner, "crm_contactpoint_changelist")) == []
    assert names_in_list(open_page(auditor, "crm_contactpoint_changelist")) == [
        "claimed@customers.example"
    ]
