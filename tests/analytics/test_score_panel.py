"""The score on the page of its meeting, in every state it can be in, and for whom."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import Run
from analytics.services import execution, scoring
from analytics.verdicts import verdict
from crm.models import User
from meetings.models import Meeting
from meetings.services import closing
from tests.factories.analytics import make_score_run
from tests.factories.meetings import (
    make_chat_line,
    make_guest,
    make_meeting,
    make_past_meeting,
    make_presence,
)

READY = "points</span>"
Read = Callable[[User, Meeting], str]


@pytest.fixture
def read(client: Client) -> Read:
    """The page of a meeting as a colleague reads it."""

    def open_page(user: User, meeting: Meeting) -> str:
        client.force_login(user)
        page = client.get(reverse("admin:meetings_meeting_change", args=[meeting.pk]))
        assert page.status_code == 200
        return page.content.decode()

    return open_page


@pytest.fixture
def closed(owner: User) -> Meeting:
    """Both of two came and one wrote; they rated it 5 and 4."""
    meeting = make_past_meeting(owner)
    for number, rating in enumerate((5, 4)):
        seat = make_guest(meeting)
        make_presence(seat, minutes=40)
        seat.closing_rating = rating
        seat.save()
        if number == 0:
            make_chat_line(seat)
    return closing.close_meeting(meeting=meeting)


def address_of(run_id: int) -> str:
    return reverse("admin:analytics_run_change", args=[run_id])


def test_panel_before_closing_says_when_the_score_comes(owner: User, read: Read) -> None:
    page = read(owner, make_meeting(owner))

    assert "Meeting effect score" in page
    assert "as soon as the meeting is closed" in page


def test_panel_of_a_cancelled_meeting_is_left_out(owner: User, read: Read) -> None:
    assert "Meeting effect score" not in read(owner, make_meeting(owner, state="cancelled"))


def test_panel_after_closing_says_that_the_score_is_on_its_way(
    closed: Meeting, owner: User, read: Read
) -> None:
    assert "Its score will stand here within a minute" in read(owner, closed)


def test_panel_follows_the_run_while_it_is_calculated(
    closed: Meeting, owner: User, read: Read
) -> None:
    [run_id] = scoring.request_missing_scores()

    page = read(owner, closed)

    run = Run.objects.get(pk=run_id)
    assert "data-run-progress" in page
    assert reverse("analytics_api:run_progress", args=[run.public_id]) in page
    assert "Waiting for a free worker" in page


def test_panel_shows_the_score_with_its_parts_and_leads_to_the_run(
    closed: Meeting, owner: User, read: Read
) -> None:
    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)

    page = read(owner, closed)

    figures = Run.objects.get(pk=run_id).figures
    assert figures["contributions"] == {
        "attendance": "4",
        "interaction": "1.5",
        "satisfaction": "2.625",
    }
    text = " ".join(page.split())
    assert "<strong>8.12</strong>" in text
    for points in ("4 of 4 points", "1.5 of 3 points", "2.62 of 3 points"):
        assert points in text
    assert address_of(run_id) in page


def test_panel_of_a_refused_score_says_why_and_shows_no_figure(owner: User, read: Read) -> None:
    meeting = closing.close_meeting(meeting=make_past_meeting(owner))
    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)

    page = read(owner, meeting)

    assert "No figures: None of the indicators has a value" in page
    assert "score-figure" not in page
    assert address_of(run_id) in page


def test_meeting_that_nobody_rated_is_scored_without_and_says_so(owner: User, read: Read) -> None:
    meeting = make_past_meeting(owner)
    make_presence(make_guest(meeting), minutes=40)
    closing.close_meeting(meeting=meeting)
    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)

    page = " ".join(read(owner, meeting).split())

    run = Run.objects.get(pk=run_id)
    assert (run.status, run.figures["score"]) == ("ok_with_warnings", "5.714285714286")
    assert verdict(run) == "This meeting scores 5.71 of 10, without: Satisfaction."
    assert "“Satisfaction” has no figure and is left out of the score." in page
    assert "Attendance 0.5714, Interaction 0.4286" in page


def test_panel_shows_a_co_host_the_score_but_no_run_of_somebody_else(
    closed: Meeting, owner: User, stranger: User, read: Read
) -> None:
    closed.co_hosts.add(stranger)
    run = make_score_run("7.1", requested_by=owner, subject_ref=closed.subject_ref)

    theirs, own = read(stranger, closed), read(owner, closed)

    assert "<strong>7.1</strong>" in theirs
    assert address_of(run.pk) not in theirs
    assert address_of(run.pk) in own
