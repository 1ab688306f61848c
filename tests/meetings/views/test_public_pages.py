"""The list, a meeting's page and its calendar file: what strangers may see, in every state."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crm.models import User
from crm.selectors import organisation
from meetings.models import AgendaItem
from meetings.services import access, tokens
from tests.factories.crm import make_delivery
from tests.factories.meetings import make_guest, make_meeting, make_registration

pytestmark = pytest.mark.django_db


def test_list_shows_public_meetings_to_come_only(client: Client) -> None:
    now = timezone.now()
    make_meeting(title="Shown", visibility="public")
    make_meeting(title="By link", visibility="link")
    make_meeting(title="By invitation", visibility="invitation")
    make_meeting(title="Cancelled", visibility="public", state="cancelled")
    make_meeting(title="Past", visibility="public", starts_at=now - timedelta(hours=2))

    page = client.get("/meetings/").content.decode()

    assert "Shown" in page
    assert not [name for name in ("By link", "By invitation", "Cancelled", "Past") if name in page]


def test_page_of_a_meeting_past_midnight_names_the_day_of_its_end(client: Client) -> None:
    start = datetime(2038, 6, 10, 21, 30, tzinfo=UTC)
    long = make_meeting(starts_at=start, time_zone="Europe/Berlin")
    short = make_meeting(
        starts_at=start, ends_at=start + timedelta(minutes=29), time_zone="Europe/Berlin"
    )

    past_midnight = client.get(long.get_absolute_url()).content.decode()
    before = client.get(short.get_absolute_url()).content.decode()

    assert "11 Jun 2038, 00:30</time>" in past_midnight
    assert ">23:59</time>" in before


def test_page_names_the_zone_in_which_registration_and_room_open(client: Client) -> None:
    start = datetime(2027, 3, 1, 15, 34, tzinfo=UTC)
    fields: dict[str, Any] = {"starts_at": start, "time_zone": "Europe/Berlin"}
    early = make_meeting(registration_opens_at=start - timedelta(days=7), **fields)
    seat = make_guest(make_meeting(**fields))
    assert seat.registration is not None
    client.cookies[access.cookie_name(seat.meeting)] = tokens.seat_cookie_value(seat.registration)

    pages = [client.get(meeting.get_absolute_url()).text for meeting in (early, seat.meeting)]

    assert "22 Feb 2027, 16:34 (Europe/Berlin)</time>" in pages[0]
    assert "1 Mar 2027, 16:04 (Europe/Berlin)</time>" in pages[1]


def test_list_without_meetings_says_what_to_do(client: Client) -> None:
    assert "No open meeting is planned" in client.get("/meetings/").content.decode()


def test_list_takes_as_many_queries_for_three_meetings_as_for_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    organisation.current()  # kept for some seconds
    make_meeting(visibility="public")
    with django_assert_num_queries(1):
        client.get("/meetings/")
    for _number in range(2):
        make_meeting(visibility="public")

    with django_assert_num_queries(1):
        client.get("/meetings/")


def test_detail_shows_agenda_host_and_both_times_to_compute_with(client: Client) -> None:
    meeting = make_meeting(time_zone="Asia/Shanghai", description="What is <new>?")
    AgendaItem.objects.create(meeting=meeting, title="Opening", duration_min=5, speaker="Li Na")

    page = client.get(meeting.get_absolute_url()).content.decode()

    for text in (meeting.title, "Opening", "Li Na", "Asia/Shanghai", "What is &lt;new&gt;?"):
        assert text in page
    assert f'data-start="{meeting.starts_at:%Y-%m-%dT%H:%M:%S}' in page
    assert meeting.join_code not in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Register with your e-mail address"),
        ({"capacity": 1}, "This meeting is full."),
        ({"state": "cancelled"}, "This meeting was cancelled."),
        ({"state": "ended"}, "This meeting is over."),
        ({"registration_opens_at": timedelta(hours=3)}, "has not begun yet"),
        ({"registration_closes_at": timedelta(hours=-3)}, "is not open"),
    ],
)
def test_detail_names_its_state(client: Client, fields: dict[str, Any], sentence: str) -> None:
    now = timezone.now()
    times = {k: now + v if isinstance(v, timedelta) else v for k, v in fields.items()}
    meeting = make_meeting(**times)
    make_registration(meeting)

    page = client.get(meeting.get_absolute_url())

    assert page.status_code == 200
    assert sentence in page.content.decode()


def test_pages_of_a_meeting_by_invitation_answer_like_unknown_ones(
    client: Client, owner: User, teammate: User, stranger: User, attendee_account: User
) -> None:
    meeting = make_meeting(owner, visibility="invitation")
    pages = ("", "register/", "calendar.ics", "left/")
    unknown = "/meetings/00000000-0000-4000-8000-000000000000/"

    for person in (None, teammate, stranger, attendee_account):
        if person:
            client.force_login(person)
        for page in pages:
            hidden = client.get(f"{meeting.get_absolute_url()}{page}")
            missing = client.get(f"{unknown}{page}")
            assert (hidden.status_code, missing.status_code) == (404, 404)
            assert meeting.title not in hidden.content.decode()

    client.force_login(owner)
    assert [client.get(f"{meeting.get_absolute_url()}{page}").status_code for page in pages] == [
        200,
        200,
        200,
        200,
    ]


def test_pages_of_a_meeting_by_invitation_open_by_code_token_and_cookie() -> None:
    meeting = make_meeting(visibility="invitation")
    address = meeting.get_absolute_url()
    token = tokens.invitation_token(meeting_id=meeting.public_id, delivery_id=make_delivery().pk)
    seat = make_guest(meeting)
    assert seat.registration is not None
    by_code, by_cookie = Client(), Client()

    by_code.post("/join/", {"code": meeting.join_code})
    by_cookie.cookies[access.cookie_name(meeting)] = tokens.seat_cookie_value(seat.registration)

    assert by_code.get(address).status_code == 200
    assert Client().get(address, {"token": token}).status_code == 200
    assert Client().get(address, {"token": token[:-1]}).status_code == 404
    assert by_cookie.get(address).status_code == 200


def test_detail_shows_nobody_who_else_registered(client: Client) -> None:
    meeting = make_meeting(visibility="public")
    mine, other = make_guest(meeting, name="Greta"), make_guest(meeting, name="Otto Other")
    assert mine.registration is not None
    assert other.registration is not None
    client.cookies[access.cookie_name(meeting)] = tokens.seat_cookie_value(mine.registration)

    pages = [
        client.get(path).content.decode()
        for path in (
            meeting.get_absolute_url(),
            f"{meeting.get_absolute_url()}register/",
            f"{meeting.get_absolute_url()}left/",
            f"{meeting.get_absolute_url()}calendar.ics",
            "/my/meetings/",
        )
    ]

    assert "Greta" in pages[0]
    for page in pages:
        assert "Otto Other" not in page
        assert other.registration.contact_point.value not in page
        assert tokens.personal_token(mine.registration) not in page


def test_calendar_is_a_file_that_calendars_take(client: Client) -> None:
    meeting = make_meeting()

    response = client.get(f"{meeting.get_absolute_url()}calendar.ics")

    assert response["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert response.content.startswith(b"BEGIN:VCALENDAR")


def test_detail_shows_buttons_of_hosts_to_hosts_only(
    client: Client, owner: User, stranger: User
) -> None:
    meeting = make_meeting(owner)
    manage = f"/admin/meetings/meeting/{meeting.pk}/change/"

    client.force_login(owner)
    assert manage in client.get(meeting.get_absolute_url()).content.decode()
    client.force_login(stranger)
    assert manage not in client.get(meeting.get_absolute_url()).content.decode()


@pytest.mark.parametrize("path", ["", "calendar.ics"])
def test_public_pages_refuse_post(client: Client, path: str) -> None:
    assert client.post(f"{make_meeting().get_absolute_url()}{path}").status_code == 405
