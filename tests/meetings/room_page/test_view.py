"""Who is shown the room, and the way forward of everybody else."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meetings.models import Meeting, Recording
from meetings.models.choices import SeatRole, SeatState, Visibility
from meetings.services import access, tokens
from tests.factories.meetings import (
    make_guest,
    make_meeting,
    make_past_meeting,
    make_registration,
)

pytestmark = pytest.mark.django_db


def room_of(meeting: Meeting) -> str:
    return reverse("meetings:room", args=[meeting.public_id])


def sit_down(client: Client, meeting: Meeting, **fields: object) -> None:
    """Give the client the cookie of a guest's seat."""
    seat = make_guest(meeting, **fields)
    client.cookies[access.cookie_name(meeting)] = tokens.seat_cookie_value(seat.registration)


def test_room_for_the_host_has_the_controls(client: Client) -> None:
    meeting = make_meeting(title="Spring round")
    client.force_login(meeting.host)

    answer = client.get(room_of(meeting))

    assert answer.status_code == 200
    assert answer.context["seat"].role == SeatRole.HOST
    assert answer.context["room_config"]["mayPublish"] is True
    assert "no-store" in answer["Cache-Control"]


def test_room_for_a_guest_of_a_partner_meeting_offers_devices(client: Client) -> None:
    meeting = make_meeting(kind="partner")
    sit_down(client, meeting, name="Ana Rojas")

    answer = client.get(room_of(meeting))

    assert answer.status_code == 200
    assert "Ana Rojas" in answer.text
    assert 'data-part="prejoin-camera"' in answer.text


@pytest.mark.parametrize(
    ("language", "time"),
    [("en", "1 Mar 2027, 16:34"), ("zh-hans", "2027年3月1日 16:34")],
)
def test_room_names_start_and_zone_alike_before_the_door_and_in_the_lobby(
    client: Client, language: str, time: str
) -> None:
    start = datetime(2027, 3, 1, 15, 34, tzinfo=UTC)
    meeting = make_meeting(
        starts_at=start, ends_at=start + timedelta(hours=1), time_zone="Europe/Berlin"
    )
    sit_down(client, meeting)
    client.cookies["django_language"] = language

    page = client.get(room_of(meeting)).text

    prejoin, lobby = page.split('data-part="lobby"')
    for part in (prejoin, lobby):
        assert f">{time}</time>" in part
        assert 'data-zone="Europe/Berlin"' in part
    assert "15:34<" not in page


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("partner", "You are heard and seen in it only if you agree."),
        ("launch", "You are neither heard nor seen in it."),
    ],
)
def test_room_that_is_recorded_says_so_before_the_click_on_join(
    client: Client, kind: str, sentence: str
) -> None:
    meeting = make_meeting(kind=kind)
    sit_down(client, meeting)
    before = client.get(room_of(meeting)).text
    now = timezone.now()
    Recording.objects.create(
        meeting=meeting, starts_at=now, delete_on=now.date(), changed_sequence=1
    )

    answer = client.get(room_of(meeting)).text

    assert sentence in answer
    assert sentence not in before


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, "A recording of this meeting is about to begin."),
        ({"heard_at": timezone.now()}, "This meeting is being recorded."),
        ({"trouble": "disk_low"}, "This meeting is not being recorded at the moment"),
    ],
    ids=["asked-for", "running", "refused"],
)
def test_who_is_about_to_join_reads_whether_it_is_really_recorded(
    client: Client, facts: dict[str, Any], sentence: str
) -> None:
    meeting = make_meeting(kind="partner")
    sit_down(client, meeting)
    day = timezone.now()
    Recording.objects.create(
        meeting=meeting, starts_at=day, delete_on=day.date(), changed_sequence=1, **facts
    )

    answer = client.get(room_of(meeting)).text

    known = ["is about to begin.", "is being recorded.", "not being recorded at the moment"]
    assert [words in answer for words in known] == [words in sentence for words in known]


def test_room_for_an_attendee_asks_for_no_device(client: Client) -> None:
    meeting = make_meeting(kind="launch")
    sit_down(client, meeting)

    answer = client.get(room_of(meeting))

    assert answer.context["room_config"]["mayPublish"] is False
    assert 'data-part="prejoin-camera"' not in answer.text
    assert "No camera or microphone is needed" in answer.text


def test_room_for_nobody_shows_the_ways_in(client: Client) -> None:
    meeting = make_meeting(title="Spring round")

    answer = client.get(room_of(meeting))

    assert answer.status_code == 403
    assert "Spring round" in answer.text
    assert reverse("meetings:register", args=[meeting.public_id]) in answer.text
    assert f"{reverse('account_login')}?next={room_of(meeting)}" in answer.text


def test_room_with_the_cookie_of_another_meeting_shows_the_ways_in(client: Client) -> None:
    meeting, other = make_meeting(), make_meeting()
    sit_down(client, other)
    client.cookies[access.cookie_name(meeting)] = client.cookies[access.cookie_name(other)].value

    assert client.get(room_of(meeting)).status_code == 403


def test_room_by_invitation_tells_a_stranger_nothing_of_the_meeting(
    client: Client, stranger: object
) -> None:
    meeting = make_meeting(title="Secret merger", visibility=Visibility.INVITATION)
    open_one = make_meeting(title="Secret merger")
    client.force_login(stranger)  # type: ignore[arg-type]

    answer = client.get(room_of(meeting))
    unknown = client.get(f"/meetings/{uuid.uuid4()}/room/")

    assert "Secret merger" in client.get(room_of(open_one)).text
    assert answer.status_code == unknown.status_code == 404
    own_words = r'csrfmiddlewaretoken" value="\w+|/meetings/[0-9a-f-]+/room/'
    assert re.sub(own_words, "", answer.text) == re.sub(own_words, "", unknown.text)


def test_room_for_a_removed_guest_stays_closed_and_says_why(client: Client) -> None:
    meeting = make_meeting()
    sit_down(client, meeting)
    assert client.get(room_of(meeting)).status_code == 200
    meeting.seats.update(state=SeatState.REMOVED)

    answer = client.get(room_of(meeting))

    assert answer.status_code == 403
    assert "A host has removed you" in answer.text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("ended", "This meeting is over"), ("cancelled", "This meeting was cancelled")],
)
def test_room_of_a_meeting_that_is_not_held_says_so(
    client: Client, state: str, sentence: str
) -> None:
    meeting = make_past_meeting(state=state)
    client.force_login(meeting.host)

    answer = client.get(room_of(meeting))

    assert answer.status_code == 403
    assert sentence in answer.text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("ended", "This meeting is over"), ("cancelled", "This meeting was cancelled")],
)
def test_room_of_a_meeting_that_is_not_held_says_so_to_who_has_no_seat(
    client: Client, state: str, sentence: str
) -> None:
    meeting = make_meeting(state=state)

    answer = client.get(room_of(meeting))

    assert answer.status_code == 403
    assert sentence in answer.text
    assert "personal link" not in answer.text


def test_door_names_the_button_of_the_personal_link(client: Client) -> None:
    meeting = make_meeting(starts_at=timezone.now())
    registration = make_registration(meeting)
    link = reverse("meetings:personal_link", args=[tokens.personal_token(registration)])

    assert "“Go to the room”" in client.get(room_of(meeting)).text
    assert "Go to the room" in client.get(link).text


def test_room_of_no_meeting_is_not_found(client: Client) -> None:
    assert client.get(reverse("meetings:room", args=[uuid.uuid4()])).status_code == 404


def test_room_takes_no_post(client: Client) -> None:
    assert client.post(room_of(make_meeting())).status_code == 405


def test_title_that_looks_like_markup_is_shown_as_text(client: Client) -> None:
    meeting = make_meeting(title="</script><b>x</b>")
    client.force_login(meeting.host)

    assert "</script><b>" not in client.get(room_of(meeting)).text
