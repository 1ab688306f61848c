"""From the form to the room's door: registration, personal link, account, taking it back."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from crm.models import Activity, ConsentEvent, Contact, Delivery, User
from meetings.models import Meeting, Registration, Seat
from meetings.services import access, registration, tokens
from tests.factories.crm import make_contact, make_delivery
from tests.factories.meetings import (
    make_guest,
    make_meeting,
    make_past_meeting,
    make_presence,
    make_registration,
)

pytestmark = pytest.mark.django_db
FORM = {"name": "Li Na", "email": "li.na@customers.example", "time_zone": "Asia/Shanghai"}


def _register_path(meeting: Meeting) -> str:
    return f"{meeting.get_absolute_url()}register/"


def _link(registration: Registration) -> str:
    return f"/r/{tokens.personal_token(registration)}/"


def test_register_thanks_alike_for_new_and_known_addresses(client: Client) -> None:
    meeting = make_meeting()

    first = client.post(_register_path(meeting), FORM)
    second = client.post(_register_path(meeting), FORM)

    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert first.status_code == 302
    assert "Look into your mail" in client.get(first["Location"]).content.decode()
    assert (Registration.objects.count(), Delivery.objects.count()) == (1, 2)


def test_register_form_asks_for_each_consent_apart_and_ticks_none(client: Client) -> None:
    meeting = make_meeting(recording_policy="optional")

    page = client.get(_register_path(meeting)).content.decode()

    for purpose in ("recording", "marketing", "research"):
        assert f'name="consent_{purpose}"' in page
    assert "checked" not in page


def test_register_form_asks_for_recording_only_where_there_may_be_one(client: Client) -> None:
    meeting = make_meeting(recording_policy="never")

    assert "consent_recording" not in client.get(_register_path(meeting)).content.decode()


def test_register_keeps_what_was_ticked_as_pending_with_its_wording(client: Client) -> None:
    meeting = make_meeting(recording_policy="always")

    client.post(_register_path(meeting), {**FORM, "consent_recording": "on"})

    events = ConsentEvent.objects.values_list("purpose", "channel", "state", "wording_version")
    assert list(events) == [("recording", "meeting", "pending", "recording-1")]


@pytest.mark.parametrize(
    "broken", [{"name": " "}, {"email": "nobody"}, {"email": ""}, {"name": "x" * 121}]
)
def test_register_with_mistakes_shows_the_form_again(
    client: Client, broken: dict[str, str]
) -> None:
    meeting = make_meeting()

    response = client.post(_register_path(meeting), {**FORM, **broken})

    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert Registration.objects.count() == 0


def test_register_keeps_the_source_and_utm_of_the_visit(client: Client) -> None:
    meeting = make_meeting(visibility="public")

    client.post(f"{_register_path(meeting)}?utm_source=news&utm_campaign=spring", FORM)

    row = Registration.objects.get()
    assert (row.source, row.utm_source, row.utm_medium, row.utm_campaign) == (
        "public",
        "news",
        "",
        "spring",
    )


def test_register_through_an_invitation_is_filled_in_and_remembers_it(client: Client) -> None:
    meeting = make_meeting(visibility="invitation")
    contact = make_contact(email="li.na@customers.example", name="Li Na")
    delivery = make_delivery(address=FORM["email"], contact_point=contact.points.get())
    token = tokens.invitation_token(meeting_id=meeting.public_id, delivery_id=delivery.pk)
    path = f"{_register_path(meeting)}?token={token}"

    page = client.get(path).content.decode()
    response = client.post(path, FORM)

    assert 'value="Li Na"' in page
    assert 'value="li.na@customers.example"' in page
    assert client.get(response["Location"]).status_code == 200
    row = Registration.objects.get()
    assert (row.source, row.invited_by_delivery) == ("invitation", delivery)


def test_register_through_an_invitation_is_all_it_takes(client: Client) -> None:
    meeting = make_meeting(visibility="invitation")
    delivery = make_delivery(address=FORM["email"])
    token = tokens.invitation_token(meeting_id=meeting.public_id, delivery_id=delivery.pk)

    response = client.post(f"{_register_path(meeting)}?token={token}", FORM, follow=True)

    page = response.content.decode()
    assert response.redirect_chain == [(meeting.get_absolute_url(), 302)]
    assert "You are registered, Li Na." in page
    assert "Enter the room" in page


def test_register_through_an_invitation_under_another_address_has_to_confirm_it(
    client: Client,
) -> None:
    meeting = make_meeting(visibility="invitation")
    delivery = make_delivery(address="somebody.else@customers.example")
    token = tokens.invitation_token(meeting_id=meeting.public_id, delivery_id=delivery.pk)

    response = client.post(f"{_register_path(meeting)}?token={token}", FORM)

    assert "sent=1" in response["Location"]
    assert access.cookie_name(meeting) not in response.cookies
    assert Registration.objects.get().verified_at is None


def test_register_follows_the_language_of_the_page(client: Client) -> None:
    client.post(_register_path(make_meeting()), FORM, headers={"accept-language": "zh-hans"})

    assert Registration.objects.get().language == "zh-hans"


def test_link_again_answers_alike_and_mails_only_who_is_registered(client: Client) -> None:
    meeting = make_meeting()
    make_registration(meeting, email="known@customers.example")

    answers = [
        client.post(_register_path(meeting), {"again": "1", "email": address})
        for address in ("known@customers.example", "unknown@customers.example")
    ]

    assert [(row.status_code, row["Location"]) for row in answers] == [
        (302, f"{_register_path(meeting)}?sent=1")
    ] * 2
    assert [row.address for row in Delivery.objects.all()] == ["known@customers.example"]


def test_personal_link_opened_by_scanners_changes_nothing() -> None:
    row = make_registration(verified_at=None)
    scanner = Client(headers={"user-agent": "LinkScanner/1.0"})

    answers = [scanner.get(_link(row)), scanner.head(_link(row)), scanner.get(_link(row))]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert access.cookie_name(row.meeting) not in scanner.cookies
    row.refresh_from_db()
    assert row.verified_at is None
    assert row.contact_point.verified_at is None
    counts = (Seat.objects.count(), Contact.objects.count(), Activity.objects.count())
    assert counts == (0, 0, 0)


def test_personal_link_post_verifies_sets_cookie_and_leads_to_a_clean_address(
    client: Client,
) -> None:
    row = make_registration(verified_at=None)

    response = client.post(_link(row))

    assert response["Location"] == row.meeting.get_absolute_url()
    cookie = response.cookies[access.cookie_name(row.meeting)]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    row.refresh_from_db()
    assert row.verified_at is not None
    assert row.contact_point.contact is not None
    page = client.get(response["Location"]).content.decode()
    assert "You are registered" in page


def test_personal_link_is_refused_without_the_forms_own_token() -> None:
    row = make_registration(verified_at=None)
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(_link(row)).status_code == 403

    row.refresh_from_db()
    assert row.verified_at is None


def test_personal_link_shortly_before_the_start_leads_to_the_room(client: Client) -> None:
    meeting = make_meeting(starts_at=timezone.now() + timedelta(minutes=5))
    row = make_registration(meeting)

    assert client.post(_link(row))["Location"] == f"{meeting.get_absolute_url()}room/"


def test_personal_link_is_kept_from_caches_search_engines_and_other_pages(
    client: Client,
) -> None:
    response = client.get(_link(make_registration()))

    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    # The origin at most: never the path, which is the secret.
    assert response["Referrer-Policy"] in {"strict-origin", "no-referrer"}


@pytest.mark.parametrize("reason", ["forged", "revoked", "cancelled"])
def test_personal_link_that_is_void_says_so_and_tells_no_title(client: Client, reason: str) -> None:
    row = make_registration(make_meeting(title="Secret plans"), verified_at=None)
    path = _link(row)
    if reason == "forged":
        path = f"/r/{row.public_id.hex}.1.AAAA/"
    elif reason == "revoked":
        Registration.objects.update(link_version=2)
    else:
        Registration.objects.update(state="cancelled", cancelled_at=timezone.now())

    answers = [client.get(path), client.post(path)]

    for answer in answers:
        assert answer.status_code == 404
        assert "Secret plans" not in answer.content.decode()
    row.refresh_from_db()
    assert row.verified_at is None


@pytest.mark.parametrize(
    ("state", "heading"),
    [("ended", "This meeting is over"), ("cancelled", "This meeting was cancelled")],
)
def test_personal_link_after_the_end_says_so_and_confirms_nothing(
    client: Client, state: str, heading: str
) -> None:
    row = make_registration(make_meeting(title="Spring launch", state=state), verified_at=None)

    answers = [client.get(_link(row)), client.post(_link(row))]

    for answer in answers:
        page = answer.content.decode()
        assert (answer.status_code, heading in page, "Spring launch" in page) == (200, True, True)
        assert "Rate the meeting" not in page
    row.refresh_from_db()
    assert row.verified_at is None


def test_personal_link_after_the_end_leads_who_was_there_to_the_rating(client: Client) -> None:
    seat = make_guest(make_past_meeting(visibility="invitation"))
    make_presence(seat)
    assert seat.registration is not None
    link = _link(seat.registration)

    page = client.get(link).content.decode()
    response = client.post(link)

    assert "Rate the meeting" in page
    rating = client.get(response["Location"]).content.decode()
    assert "How was this meeting for you?" in rating
    assert "This meeting is over" in rating


def test_personal_link_of_a_meeting_that_filled_up_says_so_until_a_place_is_free(
    client: Client,
) -> None:
    meeting = make_meeting(capacity=1)
    late = make_registration(meeting, verified_at=None)
    quick = make_registration(meeting)

    answers = [client.get(_link(late)), client.post(_link(late))]

    for answer in answers:
        assert answer.status_code == 409
        assert "All seats were taken by people who confirmed before you." in answer.content.decode()
    registration.cancel(registration=quick)
    assert client.post(_link(late)).status_code == 302


@pytest.mark.parametrize(
    "name",
    ["visit http://evil.example", "Prize: WWW.EVIL.EXAMPLE", "evil.example", "me@evil.example"],
)
def test_register_with_a_link_for_a_name_is_refused(client: Client, name: str) -> None:
    response = client.post(_register_path(make_meeting()), FORM | {"name": name})

    assert response.status_code == 422
    assert "Write the name without web or e-mail addresses." in response.content.decode()
    assert (Registration.objects.count(), Delivery.objects.count()) == (0, 0)


def test_cancel_registration_from_the_mail_goes_through_the_link(client: Client) -> None:
    row = make_registration()
    path = f"/registrations/{row.public_id}/cancel/"

    entered = client.post(_link(row), {"then": "cancel"})
    question = client.get(entered["Location"])
    row.refresh_from_db()
    state_after_get = row.state
    done = client.post(path)

    assert (entered["Location"], question.status_code) == (path, 200)
    assert state_after_get == "registered"
    assert done.status_code == 200
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert client.get(path).status_code == 404


def test_cancel_registration_that_was_never_confirmed_takes_no_seat_and_makes_nobody_known(
    client: Client,
) -> None:
    meeting = make_meeting(capacity=1)
    row = make_registration(meeting, verified_at=None)
    make_registration(meeting)
    link = f"{_link(row)}?then=cancel"

    question = client.get(link)
    row.refresh_from_db()
    state_after_get = row.state
    done = client.post(link)

    row.refresh_from_db()
    assert (question.status_code, state_after_get) == (200, "registered")
    assert (done.status_code, row.state, row.verified_at) == (200, "cancelled", None)
    assert row.contact_point.contact is None
    assert client.get(link).status_code == 404


def test_cancel_registration_of_somebody_else_is_not_found(
    client: Client, owner: User, stranger: User
) -> None:
    meeting = make_meeting(owner)
    mine, other = make_guest(meeting), make_guest(meeting)
    assert mine.registration is not None
    assert other.registration is not None
    path = f"/registrations/{other.registration.public_id}/cancel/"

    assert Client().post(path).status_code == 404
    client.cookies[access.cookie_name(meeting)] = tokens.seat_cookie_value(mine.registration)
    assert client.post(path).status_code == 404
    client.force_login(owner)
    assert client.post(path).status_code == 404

    other.registration.refresh_from_db()
    assert other.registration.state == "registered"


def test_my_meetings_by_account_opens_with_a_proved_address(
    client: Client, attendee_account: User
) -> None:
    EmailAddress.objects.create(user=attendee_account, email="anna@home.example", verified=True)
    row = make_registration(email="anna@home.example", verified_at=None)
    foreign = make_registration(make_meeting(title="Not mine"))
    client.force_login(attendee_account)

    page = client.get("/my/meetings/").content.decode()
    opened = client.post("/my/meetings/", {"registration": row.public_id})
    refused = client.post("/my/meetings/", {"registration": foreign.public_id})

    assert row.meeting.title in page
    assert "Not mine" not in page
    assert opened["Location"] == row.meeting.get_absolute_url()
    assert access.cookie_name(row.meeting) in opened.cookies
    assert access.cookie_name(foreign.meeting) not in refused.cookies


def test_join_with_a_code_leads_to_the_page_and_wrong_ones_are_counted(client: Client) -> None:
    meeting = make_meeting(visibility="invitation")
    neighbour = Client()
    for browser in (client, neighbour):
        browser.get("/join/")

    wrong = [client.post("/join/", {"code": "0000000000"}) for _try in range(5)]
    locked = client.post("/join/", {"code": meeting.join_code})
    elsewhere = neighbour.post("/join/", {"code": meeting.join_code})

    assert {row.status_code for row in wrong} == {422}
    assert {row.content.decode().count("We found no meeting") for row in wrong} == {1}
    assert "too many tries" in locked.content.decode()
    assert elsewhere["Location"] == meeting.get_absolute_url()


def test_left_page_takes_a_rating_from_who_was_there(client: Client) -> None:
    meeting = make_meeting(starts_at=timezone.now() - timedelta(minutes=30), state="live")
    seat = make_guest(meeting)
    assert seat.registration is not None
    client.cookies[access.cookie_name(meeting)] = tokens.seat_cookie_value(seat.registration)
    path = f"{meeting.get_absolute_url()}left/"
    not_yet = client.post(path, {"rating": "5"})
    seat.presence.create(joined_at=meeting.starts_at, left_at=timezone.now())

    asked = client.get(path).content.decode()
    done = client.post(path, {"rating": "5"})

    assert not_yet.status_code == 422
    assert "How was this meeting for you?" in asked
    assert done.status_code == 302
    seat.refresh_from_db()
    assert seat.closing_rating == 5


@pytest.mark.parametrize("rating", ["", "0", "6", "five"])
def test_left_page_refuses_other_ratings(client: Client, rating: str) -> None:
    meeting = make_meeting(starts_at=timezone.now() - timedelta(minutes=30), state="live")
    seat = make_guest(meeting)
    assert seat.registration is not None
    seat.presence.create(joined_at=meeting.starts_at)
    client.cookies[access.cookie_name(meeting)] = tokens.seat_cookie_value(seat.registration)

    response = client.post(f"{meeting.get_absolute_url()}left/", {"rating": rating})

    assert response.status_code == 422
    seat.refresh_from_db()
    assert seat.closing_rating is None


def test_left_page_for_a_stranger_says_goodbye_and_takes_no_rating(client: Client) -> None:
    meeting = make_meeting(state="live")
    path = f"{meeting.get_absolute_url()}left/"

    assert "How was this meeting" not in client.get(path).content.decode()
    assert client.post(path, {"rating": "5"}).status_code == 403


def test_pages_hold_the_strict_policy_and_no_inline_code(client: Client) -> None:
    meeting = make_meeting(visibility="public")
    row: Any = make_registration(meeting)

    for path in (
        "/meetings/",
        meeting.get_absolute_url(),
        _register_path(meeting),
        "/join/",
        _link(row),
        "/my/meetings/",
        f"{meeting.get_absolute_url()}left/",
    ):
        response = client.get(path)
        page = response.content.decode()
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        assert ' style="' not in page
        assert "<script>" not in page
        assert " onclick" not in page
