"""The personal link by mail: again, not too often, and a new one in place of the old."""

import pytest

from crm.models import Delivery, User
from meetings.services import registration_mails, tokens, verification
from meetings.services.refusals import LinkNotValid, NotAllowed
from tests.factories.meetings import fill_in_form, make_meeting, make_registration

pytestmark = pytest.mark.django_db


def test_register_again_and_again_stops_mailing_silently() -> None:
    meeting = make_meeting()

    for _time in range(registration_mails.LINK_MAILS_PER_HOUR + 3):
        fill_in_form(meeting)

    assert Delivery.objects.count() == registration_mails.LINK_MAILS_PER_HOUR


def test_send_link_again_for_an_unknown_address_is_silent_and_sends_nothing() -> None:
    meeting = make_meeting()
    make_registration(meeting, email="known@hengrui.example")

    for address in ("known@hengrui.example", "unknown@hengrui.example"):
        registration_mails.send_link_again(meeting=meeting, email=address, client="192.0.2.1")

    assert [row.address for row in Delivery.objects.all()] == ["known@hengrui.example"]


def test_replace_link_voids_the_old_one_and_mails_a_new_one(owner: User) -> None:
    row = make_registration(make_meeting(owner))
    old_token = tokens.personal_token(row)

    registration_mails.replace_link(registration=row, replaced_by=owner)

    with pytest.raises(LinkNotValid):
        verification.find_by_token(token=old_token)
    row.refresh_from_db()
    assert verification.find_by_token(token=tokens.personal_token(row)) == row
    assert Delivery.objects.get().composer == "meeting_confirmation"


def test_replace_link_by_a_stranger_is_refused(owner: User, stranger: User) -> None:
    row = make_registration(make_meeting(owner))

    with pytest.raises(NotAllowed):
        registration_mails.replace_link(registration=row, replaced_by=stranger)

    row.refresh_from_db()
    assert (row.link_version, Delivery.objects.count()) == (1, 0)
