"""Proving the address: what it makes of a registration, and what proves nothing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from crm.models import ConsentEvent, Contact, User
from meetings.models import Registration, Seat
from meetings.services import registration, tokens, verification
from meetings.services.refusals import LinkNotValid, MeetingCancelled, MeetingOver, SeatsGone
from tests.factories.crm import make_contact
from tests.factories.meetings import fill_in_form, make_meeting, make_registration

pytestmark = pytest.mark.django_db


def test_verify_makes_contact_seat_and_granted_consent(owner: User) -> None:
    meeting = make_meeting(owner)
    fill_in_form(meeting, consents=["research"])
    token = tokens.personal_token(Registration.objects.get())

    verification.verify(token=token)

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
    fill_in_form(meeting, name="W. Wang")

    verification.verify(token=tokens.personal_token(Registration.objects.get()))

    known.refresh_from_db()
    assert Contact.objects.count() == 1
    assert (known.name, known.language) == ("王伟", "zh-hans")


def test_verify_twice_is_harmless_and_does_not_undo_a_withdrawal() -> None:
    from crm.services import consent

    meeting = make_meeting()
    fill_in_form(meeting, consents=["marketing"])
    row = Registration.objects.get()
    verification.verify(token=tokens.personal_token(row))
    consent.record(
        contact_point=row.contact_point,
        purpose="marketing",
        state="withdrawn",
        wording_version="marketing-1",
        source="preferences",
    )

    verification.verify(token=tokens.personal_token(row))

    assert (Contact.objects.count(), Seat.objects.count()) == (1, 1)
    assert ConsentEvent.objects.order_by("pk").last().state == "withdrawn"


def test_verify_when_the_last_seat_is_gone_is_refused_and_writes_nothing() -> None:
    meeting = make_meeting(capacity=1)
    fill_in_form(meeting)
    late = Registration.objects.get()
    quick = make_registration(meeting)

    with pytest.raises(SeatsGone):
        verification.verify(token=tokens.personal_token(late))

    late.refresh_from_db()
    assert (late.verified_at, Seat.objects.count(), Contact.objects.count()) == (None, 0, 0)
    registration.cancel(registration=quick)
    assert verification.verify(token=tokens.personal_token(late)).verified_at is not None


def test_verify_twice_in_a_full_meeting_still_opens() -> None:
    row = make_registration(make_meeting(capacity=1))

    assert verification.verify(token=tokens.personal_token(row)) == row


@pytest.mark.django_db(transaction=True)
def test_verify_by_many_at_once_gives_each_seat_once() -> None:
    meeting = make_meeting(capacity=3)
    links = [tokens.personal_token(make_registration(meeting, verified_at=None)) for _ in range(9)]

    with ThreadPoolExecutor(len(links)) as pool:
        outcomes = Counter(pool.map(_try_to_verify, links))

    assert outcomes == {"seat": 3, "full": 6}
    assert (meeting.registrations.confirmed().count(), Seat.objects.count()) == (3, 3)


def _try_to_verify(token: str) -> str:
    try:
        verification.verify(token=token)
    except SeatsGone:
        return "full"
    finally:
        connection.close()
    return "seat"


def test_verify_in_a_meeting_with_lobby_waits_and_in_a_partner_meeting_is_on_stage() -> None:
    meeting = make_meeting(kind="partner", has_lobby=True)
    fill_in_form(meeting)

    verification.verify(token=tokens.personal_token(Registration.objects.get()))

    seat = Seat.objects.get()
    assert (seat.role, seat.state, seat.admitted_at) == ("presenter", "waiting", None)


@pytest.mark.parametrize("change", ["tampered", "old version", "seat cookie", "nonsense"])
def test_verify_with_a_wrong_token_is_refused_and_writes_nothing(change: str) -> None:
    meeting = make_meeting()
    fill_in_form(meeting)
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
        verification.verify(token=token)

    row.refresh_from_db()
    assert (row.verified_at, Seat.objects.count(), Contact.objects.count()) == (None, 0, 0)


@pytest.mark.parametrize(
    ("state", "refusal"), [("ended", MeetingOver), ("cancelled", MeetingCancelled)]
)
def test_verify_after_the_meeting_is_refused(state: str, refusal: type[Exception]) -> None:
    row = make_registration(make_meeting(state=state), verified_at=None)

    with pytest.raises(refusal):
        verification.verify(token=tokens.personal_token(row))


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

    opened = verification.verify_by_account(public_id=str(own.public_id), user=attendee_account)

    assert (opened.pk, opened.verified_at is not None) == (own.pk, True)
    for row in (unproved, foreign):
        with pytest.raises(LinkNotValid):
            verification.verify_by_account(public_id=str(row.public_id), user=attendee_account)
