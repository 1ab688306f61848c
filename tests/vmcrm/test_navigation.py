"""The sidebar: groups by work, only what one may see."""

import pytest
from django.contrib import admin
from django.urls import reverse

from vmcrm.navigation import GROUPS, build_navigation


def make_model(name: str, url: str = "/list/") -> dict:
    return {"object_name": name, "name": name.upper(), "admin_url": url}


def test_models_are_grouped_and_ordered_by_work():
    apps = [
        {"app_label": "crm", "models": [make_model("Task"), make_model("Contact")]},
        {"app_label": "meetings", "models": [make_model("Meeting")]},
    ]

    sections = build_navigation(apps, "/")

    assert [(s.key, [link.title for link in s.links]) for s in sections] == [
        ("meetings", ["MEETING"]),
        ("customers", ["CONTACT", "TASK"]),
    ]


def test_model_that_no_group_names_goes_to_the_home_of_its_app():
    apps = [
        {"app_label": "analytics", "models": [make_model("Dream")]},
        {"app_label": "elsewhere", "models": [make_model("Thing")]},
    ]

    sections = build_navigation(apps, "/")

    assert [(s.key, s.links[0].title) for s in sections] == [
        ("analytics", "DREAM"),
        ("setup", "THING"),
    ]


def test_current_place_is_marked_on_its_own_pages_only():
    models = [make_model("Task", "/t/"), make_model("Contact", "/c/")]

    (section,) = build_navigation([{"app_label": "crm", "models": models}], "/t/7/change/")

    assert section.is_current
    assert [link.is_current for link in section.links] == [False, True]


def test_model_without_a_list_is_left_out():
    models = [make_model("Task") | {"admin_url": None}]

    assert build_navigation([{"app_label": "crm", "models": models}], "/") == []


def test_every_named_model_is_registered():
    registered = {model._meta.label_lower for model in admin.site._registry}

    named = {label for group in GROUPS for label, _icon in group.places}

    assert named - registered == set()


@pytest.mark.django_db
def test_sidebar_shows_a_seller_customers_but_no_accounts(client, owner):
    client.force_login(owner)

    html = client.get(reverse("admin:index")).content.decode()

    assert reverse("admin:crm_contact_changelist") in html
    assert reverse("admin:meetings_meeting_changelist") in html
    assert reverse("admin:mfa_authenticator_changelist") not in html


@pytest.mark.django_db
def test_staff_without_a_role_sees_an_empty_sidebar_not_an_error(client, owner):
    owner.groups.clear()
    client.force_login(owner)

    response = client.get(reverse("admin:index"))

    assert response.status_code == 200
    assert response.context["navigation"] == []
