"""Registering and taking it back; and what strangers must not learn."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Activity, ConsentEvent, Contact, ContactPoint, Delivery, User
from crm.services.errors import InvalidAddress
from meetings.models import Meeting, Registration, Seat
from meetings.services import registration, tokens, verification
from meetings.services.refusals import (
    LinkNotValid,
    MeetingCancelled,
    MeetingFull,
    MeetingOver,
    RegistrationClosed,
    RegistrationNotYetOpen,
    TooManyTries,
)
from tests.factories.meetings import fill_in_form, make_meeting, make_registration

pytestmark = pytest.mark.django_db


def test_register_writes_registration_mail_and_activity() -> None:
    meeting = make_meeting()

    fill_in_form(meeting)

    row = Registration.objects.get()
    assert (row.name, row.company_name, row.language, row.time_zone, row.verified_at) == (
        "Wang Wei",
        "Hengrui",
        "zh-hans",
        "Asia/Shanghai",
        None,
    )
    delivery = Delivery.objects.get()
    assert (delivery.composer, delivery.address, delivery.language, delivery.time_zone) == (
        "meeting_confirmation",
        "wang.wei@hengrui.example",
        "zh-hans",
        "Asia/Shanghai",
    )
    activity = Activity.objects.get()
    assert (activity.kind, activity.subject_ref) == ("registered", meeting.subject_ref)


def test_register_before_verification_links_and_grants_nothing() -> None:
    meeting = make_meeting()

    fill_in_form(meeting, consents=["marketing"])

    assert Contact.objects.count() == 0
    assert Seat.objects.count() == 0
    events = ConsentEvent.objects.values_list("purpose", "state", "wording_version")
    assert list(events) == [("marketing", "pending", "marketing-1")]


def test_register_twice_sends_the_link_again_and_changes_nothing() -> None:
    meeting = make_meeting()
    fill_in_form(meeting)

    fill_in_form(meeting, name="Somebody else", email=" WANG.WEI@hengrui.example ")

    assert [row.name for row in Registration.objects.all()] == ["Wang Wei"]
    assert Delivery.objects.count() == 2
    assert Activity.objects.count() == 1


def test_register_from_one_client_too_often_is_refused() -> None:
    meeting = make_meeting(capacity=500)
    for number in range(registration.FORMS_PER_CLIENT):
        fill_in_form(meeting, email=f"person{number}@hengrui.example")

    with pytest.raises(TooManyTries):
        fill_in_form(meeting, email="one.more@hengrui.example")

    assert Registration.objects.count() == registration.FORMS_PER_CLIENT


def test_register_when_full_is_refused_alike_for_known_and_unknown() -> None:
    meeting = make_meeting(capacity=1)
    make_registration(meeting, email="wang.wei@hengrui.example")

    for address in ("wang.wei@hengrui.example", "new@hengrui.example"):
        with pytest.raises(MeetingFull):
            fill_in_form(meeting, email=address)

    assert Delivery.objects.count() == 0
    assert not ContactPoint.objects.filter(value="new@hengrui.example").exists()


def test_register_with_invented_addresses_fills_no_meeting() -> None:
    meeting = make_meeting(capacity=5)

    for number in range(5):
        fill_in_form(meeting, email=f"invented{number}@nowhere.example")

    counted = Meeting.objects.with_counts().get()
    assert (meeting.count_free_seats(), counted.registered_count, counted.unconfirmed_count) == (
        5,
        0,
        5,
    )


def test_register_for_one_address_too_often_is_refused_for_every_meeting() -> None:
    for _number in range(registration.FORMS_PER_ADDRESS):
        fill_in_form(make_meeting())

    with pytest.raises(TooManyTries):
        fill_in_form(make_meeting(), email=" WANG.WEI@hengrui.example")


def test_register_by_invitation_needs_no_second_proof() -> None:
    meeting = make_meeting()

    own = fill_in_form(meeting, invited_address="wang.wei@hengrui.example", consents=["marketing"])

    row = Registration.objects.get()
    assert own == row
    assert (row.verified_at is not None, row.seat.state, meeting.count_free_seats()) == (
        True,
        "admitted",
        99,
    )
    assert [event.state for event in ConsentEvent.objects.order_by("pk")] == ["pending", "granted"]
    assert [mail.composer for mail in Delivery.objects.all()] == ["meeting_confirmation"]


def test_register_by_invitation_counts_more_than_what_a_stranger_typed_before() -> None:
    meeting = make_meeting()
    fill_in_form(meeting, name="Somebody Else")

    own = fill_in_form(meeting, invited_address="wang.wei@hengrui.example", consents=["marketing"])

    assert own is not None
    assert (own.name, own.seat.display_name) == ("Wang Wei", "Wang Wei")
    assert own.contact_point.contact is not None
    assert own.contact_point.contact.name == "Wang Wei"
    assert [event.state for event in ConsentEvent.objects.order_by("pk")] == ["pending", "granted"]


def test_register_by_invitation_under_another_address_proves_nothing() -> None:
    own = fill_in_form(make_meeting(), invited_address="li.na@hengrui.example")

    assert (own, Registration.objects.get().verified_at, Seat.objects.count()) == (None, None, 0)


def test_register_by_invitation_after_the_links_were_made_void_proves_nothing() -> None:
    meeting = make_meeting()
    row = fill_in_form(meeting, invited_address="wang.wei@hengrui.example")
    Registration.objects.update(link_version=2)

    again = fill_in_form(meeting, invited_address="wang.wei@hengrui.example")

    assert (row is not None, again) == (True, None)


def test_register_after_somebody_cancelled_takes_the_free_place() -> None:
    meeting = make_meeting(capacity=1)
    registration.cancel(registration=make_registration(meeting))

    fill_in_form(meeting)

    assert meeting.registrations.standing().count() == 1


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"registration_opens_at": timedelta(hours=1)}, RegistrationNotYetOpen),
        ({"registration_closes_at": timedelta(hours=-1)}, RegistrationClosed),
        ({"starts_at": timedelta(hours=-3), "ends_at": timedelta(hours=-2)}, MeetingOver),
        ({"state": "ended"}, MeetingOver),
        ({"state": "cancelled"}, MeetingCancelled),
    ],
)
def test_register_outside_the_window_is_refused(
    fields: dict[str, Any], refusal: type[Exception]
) -> None:
    now = timezone.now()
    times = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in fields.items()
    }
    meeting = make_meeting(**times)

    with pytest.raises(refusal):
        fill_in_form(meeting)

    assert Registration.objects.count() == 0


def test_register_during_an_overrunning_meeting_is_open() -> None:
    start = timezone.now() - timedelta(hours=2)
    meeting = make_meeting(starts_at=start, ends_at=start + timedelta(hours=1), state="live")

    fill_in_form(meeting)

    assert Registration.objects.count() == 1


def test_register_with_a_broken_address_is_refused() -> None:
    with pytest.raises(InvalidAddress):
        fill_in_form(make_meeting(), email="no address")


def test_register_with_an_unknown_zone_falls_back_to_the_meetings() -> None:
    fill_in_form(make_meeting(time_zone="Europe/Berlin"), time_zone="Mars/Base")

    assert Registration.objects.get().time_zone == "Europe/Berlin"


def test_register_takes_direction_tricks_out_of_names() -> None:
    fill_in_form(make_meeting(), name="Ann\u202egnp\u0000.exe")

    assert Registration.objects.get().name == "Anngnp .exe"


def test_cancel_frees_the_place_voids_the_link_and_mails(owner: User) -> None:
    row = make_registration()
    token = tokens.personal_token(row)

    registration.cancel(registration=row)
    registration.cancel(registration=row)

    with pytest.raises(LinkNotValid):
        verification.find_by_token(token=token)
    assert [mail.composer for mail in Delivery.objects.all()] == ["meeting_registration_cancelled"]
    assert [row.kind for row in Activity.objects.all()] == ["registration_cancelled"]


def test_register_after_cancelling_needs_the_new_link() -> None:
    meeting = make_meeting()
    fill_in_form(meeting)
    row = Registration.objects.get()
    old_token = tokens.personal_token(row)
    registration.cancel(registration=row)

    fill_in_form(meeting)

    row.refresh_from_db()
    assert (row.state, row.verified_at) == ("registered", None)
    with pytest.raises(LinkNotValid):
        verification.verify(token=old_token)
    assert verification.verify(token=tokens.personal_token(row)).verified_at is not None
