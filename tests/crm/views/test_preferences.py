"""The preference page: looking changes nothing, and one click is enough."""

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import ConsentEvent, ContactPoint
from crm.selectors.consent import may_send
from crm.services import consent
from crm.services.mail_layout import sign_preferences
from tests.factories.crm import make_point

pytestmark = pytest.mark.django_db


@pytest.fixture
def point() -> ContactPoint:
    point = make_point("li.na@customers.example")
    consent.grant_many(contact_point=point, purposes=["marketing", "research"], source="meeting:1")
    return point


def page_of(point: ContactPoint) -> str:
    return reverse("crm:preferences", args=[sign_preferences(str(point.public_id))])


def test_looking_shows_the_choice_and_changes_nothing(point: ContactPoint) -> None:
    response = Client().get(page_of(point))

    page = response.content.decode()
    assert response.status_code == 200
    assert "li.na@customers.example" in page
    assert page.count(" checked") == 2
    assert response.headers["Referrer-Policy"] == "strict-origin"  # the token stays here
    assert ConsentEvent.objects.count() == 2


def test_one_click_of_a_mail_program_withdraws(point: ContactPoint) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post(page_of(point), {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 204
    assert not may_send(point, "marketing")
    assert not may_send(point, "research")
    assert may_send(point, "service")


def test_form_saves_what_was_ticked(point: ContactPoint) -> None:
    Client().post(page_of(point), {"research-email": "on", "marketing-phone": "on"})

    said = ConsentEvent.objects.order_by("pk").values_list("purpose", "channel", "state")[2:]
    assert list(said) == [("marketing", "email", "withdrawn"), ("marketing", "phone", "granted")]


def test_button_for_nothing_withdraws_all(point: ContactPoint) -> None:
    Client().post(page_of(point), {"nothing": "1", "research-email": "on"})

    assert not may_send(point, "research")


@pytest.mark.parametrize("token", ["x", "0123:abc", "00000000000000000000000000000000:sig"])
def test_token_that_is_not_ours_is_not_found(token: str, point: ContactPoint) -> None:
    assert Client().get(reverse("crm:preferences", args=[token])).status_code == 404


def test_token_of_another_point_cannot_be_made_up(point: ContactPoint) -> None:
    signature = sign_preferences(str(point.public_id)).partition(":")[2]
    other = make_point()

    response = Client().post(
        reverse("crm:preferences", args=[f"{other.public_id.hex}:{signature}"]),
        {"List-Unsubscribe": "One-Click"},
    )

    assert response.status_code == 404
