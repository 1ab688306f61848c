"""Registering, proving the address, taking it back; and what strangers must not learn."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Activity, ConsentEvent, Contact, ContactPoint, Delivery, User
from crm.services.errors import InvalidAddress
from meetings.models import Meeting, Registration, Seat
from meetings.services import registration, tokens
from meetings.services.refusals import (
    LinkNotValid,
    MeetingCancelled,
    MeetingFull,
    MeetingOver,
    NotAllowed,
    RegistrationClosed,
    RegistrationNotYetOpen,
    TooManyTries,
)
from meetings.services.registration import Person, Provenance
from tests.factories.crm import make_contact
from tests.factories.meetings import make_meeting, make_registration

pytestmark = pytest.mark.django_db


def _register(meeting: Meeting, **fields: Any) -> None:
    values = {
        "name": "Wang Wei",
        "email": "wang.wei@hengrui.example",
        "company_name": "Hengrui",
        "language": "zh-hans",
        "time_zone": "Asia/Shanghai",
    } | fields
    registration.register(
        meeting=meeting, person=Person(**values), provenance=Provenance(), client="192.0.2.1"
    )


def test_register_writes_registration_mail_and_activity() -> None:
    meeting = make_meeting()

    _register(meeting)

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

    _register(meeting, consents=["marketing"])

    assert Contact.objects.count() == 0
    assert Seat.objects.count() == 0
    events = ConsentEvent.objects.values_list("purpose", "state", "wording_version")
    assert list(events) == [("marketing", "pending", "marketing-1")]


def test_register_twice_sends_the_link_again_and_changes_nothing() -> None:
    meeting = make_meeting()
    _register(meeting)

    _register(meeting, name="Somebody else", email=" WANG.WEI@hengrui.example ")

    assert [row.name for row in Registration.objects.all()] == ["Wang Wei"]
    assert Delivery.objects.count() == 2
    assert Activity.objects.count() == 1


def test_register_again_and_again_stops_mailing_silently() -> None:
    meeting = make_meeting()

    for _time in range(registration.LINK_MAILS_PER_HOUR + 3):
        _register(meeting)

    assert Delivery.objects.count() == registration.LINK_MAILS_PER_HOUR


def test_register_from_one_client_too_often_is_refused() -> None:
    meeting = make_meeting(capacity=500)
    for number in range(registration.FORMS_PER_CLIENT):
        _register(meeting, email=f"person{number}@hengrui.example")

    with pytest.raises(TooManyTries):
        _register(meeting, email="one.more@hengrui.example")

    assert Registration.objects.count() == registration.FORMS_PER_CLIENT


def test_register_when_full_is_refused_alike_for_known_and_unknown() -> None:
    meeting = make_meeting(capacity=1)
    _register(meeting)

    for address in ("wang.wei@hengrui.example", "new@hengrui.example"):
        with pytest.raises(MeetingFull):
            _register(meeting, email=address)

    assert Delivery.objects.count() == 1
    assert not ContactPoint.objects.filter(value="new@hengrui.example").exists()


def test_register_after_somebody_cancelled_takes_the_free_place() -> None:
    meeting = make_meeting(capacity=1)
    registration.cancel(registration=make_registration(meeting))

    _register(meeting)

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
        _register(meeting)

    assert Registration.objects.count() == 0


def test_register_during_an_overrunning_meeting_is_open() -> None:
    start = timezone.now() - timedelta(hours=2)
    meeting = make_meeting(starts_at=start, ends_at=start + timedelta(hours=1), state="live")

    _register(meeting)

    assert Registration.objects.count() == 1


def test_register_with_a_broken_address_is_refused() -> None:
    with pytest.raises(InvalidAddress):
        _register(make_meeting(), email="no address")


def test_register_with_an_unknown_zone_falls_back_to_the_meetings() -> None:
    _register(make_meeting(time_zone="Europe/Berlin"), time_zone="Mars/Base")

    assert Registration.objects.get().time_zone == "Europe/Berlin"


def test_register_takes_direction_tricks_out_of_names() -> None:
    _register(make_meeting(), name="Ann\u202egnp\u0000.exe")

    assert Registration.objects.get().name == "Anngnp .exe"


def test_verify_makes_contact_seat_and_granted_consent(owner: User) -> None:
    meeting = make_meeting(owner)
    _register(meeting, consents=["research"])
    token = tokens.personal_token(Registration.objects.get())

    registration.verify(token=token)

    row = Registration.objects.get()
    contact = row.contact_point.contact
    assert row.verified_at is not None
    assert contact is not None
    assert (contact.name, contact.owner, contact.language) == ("Wang Wei", owner, "zh-hans")
    assert (row.seat.role, row.seat.state, row.seat.display_name) == (
        "attendee",
        "admitted",
        "Wang Wei",
    )
    states = ConsentEvent.objects.order_by("pk").values_list("purpose", "state")
    assert list(states) == [("research", "pending"), ("research", "granted")]


def test_verify_of_a_known_address_links_and_fills_blanks_only(owner: User) -> None:
    known = make_contact(email="wang.wei@hengrui.example", name="王伟", language="")
    meeting = make_meeting(owner)
    _register(meeting, name="W. Wang")

    registration.verify(token=tokens.personal_token(Registration.objects.get()))

    known.refresh_from_db()
    assert Contact.objects.count() == 1
    assert (known.name, known.language) == ("王伟", "zh-hans")


def test_verify_twice_is_harmless_and_does_not_undo_a_withdrawal() -> None:
    from crm.services import consent

    meeting = make_meeting()
    _register(meeting, consents=["marketing"])
    row = Registration.objects.get()
    registration.verify(token=tokens.personal_token(row))
    consent.record(
        contact_point=row.contact_point,
        purpose="marketing",
        state="withdrawn",
        wording_version="marketing-1",
        source="preferences",
    )

    registration.verify(token=tokens.personal_token(row))

    assert (Contact.objects.count(), Seat.objects.count()) == (1, 1)
    assert ConsentEvent.objects.order_by("pk").last().state == "withdrawn"


def test_verify_in_a_meeting_with_lobby_waits_and_in_a_partner_meeting_is_on_stage() -> None:
    meeting = make_meeting(kind="partner", has_lobby=True)
    _register(meeting)

    registration.verify(token=tokens.personal_token(Registration.objects.get()))

    seat = Seat.objects.get()
    assert (seat.role, seat.state, seat.admitted_at) == ("presenter", "waiting", None)


@pytest.mark.parametrize("change", ["tampered", "old version", "seat cookie", "nonsense"])
def test_verify_with_a_wrong_token_is_refused_and_writes_nothing(change: str) -> None:
    meeting = make_meeting()
    _register(meeting)
    row = Registration.objects.get()
    token = {
        "tampered": tokens.personal_token(row).replace(".1.", ".2."),
        "old version": tokens.personal_token(row),
        "seat cookie": tokens.seat_cookie_value(row),
        "nonsense": "x",
    }[change]
    if change == "old version":
        Registration.objects.update(link_version=2)

    with pytest.raises(LinkNotValid):
        registration.verify(token=token)

    row.refresh_from_db()
    assert (row.verified_at, Seat.objects.count(), Contact.objects.count()) == (None, 0, 0)


@pytest.mark.parametrize(
    ("state", "refusal"), [("ended", MeetingOver), ("cancelled", MeetingCancelled)]
)
def test_verify_after_the_meeting_is_refused(state: str, refusal: type[Exception]) -> None:
    row = make_registration(make_meeting(state=state), verified_at=None)

    with pytest.raises(refusal):
        registration.verify(token=tokens.personal_token(row))


def test_send_link_again_for_an_unknown_address_is_silent_and_sends_nothing() -> None:
    meeting = make_meeting()
    make_registration(meeting, email="known@hengrui.example")

    for address in ("known@hengrui.example", "unknown@hengrui.example"):
        registration.send_link_again(meeting=meeting, email=address, client="192.0.2.1")

    assert [row.address for row in Delivery.objects.all()] == ["known@hengrui.example"]


def test_cancel_frees_the_place_voids_the_link_and_mails(owner: User) -> None:
    row = make_registration()
    token = tokens.personal_token(row)

    registration.cancel(registration=row)
    registration.cancel(registration=row)

    with pytest.raises(LinkNotValid):
        registration.find_by_token(token=token)
    assert [mail.composer for mail in Delivery.objects.all()] == ["meeting_registration_cancelled"]
    assert [row.kind for row in Activity.objects.all()] == ["registration_cancelled"]


def test_register_after_cancelling_needs_the_new_link() -> None:
    meeting = make_meeting()
    _register(meeting)
    row = Registration.objects.get()
    old_token = tokens.personal_token(row)
    registration.cancel(registration=row)

    _register(meeting)

    row.refresh_from_db()
    assert (row.state, row.verified_at) == ("registered", None)
    with pytest.raises(LinkNotValid):
        registration.verify(token=old_token)
    assert registration.verify(token=tokens.personal_token(row)).verified_at is not None


def test_replace_link_voids_the_old_one_and_mails_a_new_one(owner: User) -> None:
    row = make_registration(make_meeting(owner))
    old_token = tokens.personal_token(row)

    registration.replace_link(registration=row, replaced_by=owner)

    with pytest.raises(LinkNotValid):
        registration.find_by_token(token=old_token)
    row.refresh_from_db()
    assert registration.find_by_token(token=tokens.personal_token(row)) == row
    assert Delivery.objects.get().composer == "meeting_confirmation"


def test_replace_link_by_a_stranger_is_refused(owner: User, stranger: User) -> None:
    row = make_registration(make_meeting(owner))

    with pytest.raises(NotAllowed):
        registration.replace_link(registration=row, replaced_by=stranger)

    row.refresh_from_db()
    assert (row.link_version, Delivery.objects.count()) == (1, 0)


def test_verify_by_account_opens_own_addresses_only(attendee_account: User) -> None:
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(
        user=attendee_account, email="anna@home.example", verified=True, primary=True
    )
    EmailAddress.objects.create(user=attendee_account, email="not@proved.example", verified=False)
    meeting = make_meeting()
    own = make_registration(meeting, email="anna@home.example", verified_at=None)
    unproved = make_registration(meeting, email="not@proved.example", verified_at=None)
    foreign = make_registration(meeting, verified_at=None)

    opened = registration.verify_by_account(public_id=str(own.public_id), user=attendee_account)

    assert (opened.pk, opened.verified_at is not None) == (own.pk, True)
    for row in (unproved, foreign):
        with pytest.raises(LinkNotValid):
            registration.verify_by_account(public_id=str(row.public_id), user=attendee_account)
