"""Addresses are compared in one spelling and made once."""

import pytest

from crm.models import ContactPoint
from crm.selectors.consent import may_send
from crm.services import contact_points
from crm.services.errors import InvalidAddress
from tests.factories.crm import make_point

pytestmark = pytest.mark.django_db


def test_address_in_another_spelling_is_the_same_point() -> None:
    first = contact_points.ensure_email_point(address=" Wang.Fang@Example.COM ")

    second = contact_points.ensure_email_point(address="wang.fang@example.com")

    assert first == second
    assert ContactPoint.objects.get().normalised == "wang.fang@example.com"


@pytest.mark.parametrize("address", ["", "nobody", "a@b", "a b@example.com", "x" * 250 + "@a.de"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        contact_points.ensure_email_point(address=address)

    assert refusal.value.code == "invalid_address"
    assert str(refusal.value)


def test_role_address_is_marked_as_shared() -> None:
    assert contact_points.ensure_email_point(address="info@example.com").is_shared
    assert not contact_points.ensure_email_point(address="infante@example.com").is_shared


def test_verifying_twice_keeps_the_first_time() -> None:
    point = make_point()
    contact_points.verify(contact_point=point, source="test")
    first = point.verified_at

    contact_points.verify(contact_point=point, source="test")

    assert point.verified_at == first


def test_unknown_mailbox_gets_no_mail_any_more() -> None:
    point = make_point()

    contact_points.note_unknown_mailbox(address=point.normalised)

    point.refresh_from_db()
    assert point.bounce_state == "hard"
    assert not may_send(point, "service")
