"""Closed meetings get their effect score, each once."""

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import Run
from analytics.services import execution, scoring
from crm.models import User
from meetings.models import Meeting, TalkTime
from meetings.services import closing
from tests.factories.analytics import make_run
from tests.factories.meetings import (
    make_chat_line,
    make_guest,
    make_past_meeting,
    make_presence,
    make_registration,
)


@pytest.fixture
def meeting(owner: User) -> Meeting:
    """Ten registered, eight came, six of them wrote; ratings 5, 4, 4, 3."""
    meeting = make_past_meeting(owner, title="Spring launch")
    seats = [make_guest(meeting) for _number in range(8)]
    for seat in seats:
        make_presence(seat, minutes=40)
    for seat in seats[:6]:
        make_chat_line(seat)
    for seat, rating in zip(seats, (5, 4, 4, 3), strict=False):
        seat.closing_rating = rating
        seat.save()
    for _number in range(2):
        make_registration(meeting)
    return meeting


def test_closed_meeting_is_scored_from_its_outcome(meeting: Meeting, owner: User):
    closing.close_meeting(meeting=meeting)

    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)

    run = Run.objects.get(pk=run_id)
    # 8 of 10 came: 8; 6 of 8 wrote: 7.5; ratings 16 between 4 and 20: 7.5.
    assert run.figures["contributions"] == {
        "attendance": "3.2",
        "interaction": "2.25",
        "satisfaction": "2.25",
    }
    assert run.figures["score"] == "7.7"
    assert run.status == "ok_with_warnings"  # four ratings are few
    assert run.requested_by == owner
    assert run.subject_ref == f"meeting:{meeting.public_id}"
    assert run.title == "Spring launch"


def test_meeting_still_open_is_not_scored(meeting: Meeting):
    assert scoring.request_missing_scores() == []


def test_scoring_twice_makes_one_run(meeting: Meeting):
    closing.close_meeting(meeting=meeting)

    first = scoring.request_missing_scores()
    second = scoring.request_missing_scores()

    assert len(first) == 1
    assert second == []
    assert Run.objects.count() == 1


def test_scoring_at_the_same_moment_makes_one_run(meeting: Meeting, owner: User):
    closing.close_meeting(meeting=meeting)
    # Another worker has made the row after this one has looked for it.
    other = make_run(
        kind="score",
        requested_by=owner,
        request_key=f"score:{meeting.public_id}",
        parameters={"meeting": str(meeting.public_id)},
    )

    assert scoring.request_missing_scores() == [other.pk]
    assert Run.objects.count() == 1


def test_meeting_that_nobody_rated_is_scored_without_and_not_with_zero(owner: User):
    meeting = make_past_meeting(owner)
    make_presence(make_guest(meeting), minutes=40)
    closing.close_meeting(meeting=meeting)

    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)

    run = Run.objects.get(pk=run_id)
    assert run.status == "ok_with_warnings"
    assert run.figures["left_out"] == ["satisfaction"]
    assert set(run.figures["contributions"]) == {"attendance", "interaction"}


def test_meeting_nobody_registered_for_is_refused_and_not_scored_zero(owner: User):
    meeting = closing.close_meeting(meeting=make_past_meeting(owner))

    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)

    run = Run.objects.get(pk=run_id)
    assert (run.subject_ref, run.status, run.figures) == (meeting.subject_ref, "refused", None)
    assert [finding["code"] for finding in run.findings] == ["nothing_to_score"]


def test_score_counts_who_talked_beside_who_wrote(meeting: Meeting):
    talkers = meeting.seats.order_by("pk")[5:7]  # the first of them wrote as well
    for seat in talkers:
        TalkTime.objects.create(seat=seat, tally="one", talked_s=90.0)
    closing.close_meeting(meeting=meeting)

    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)

    figures = Run.objects.get(pk=run_id).figures
    # 7 of 8 wrote or talked: 8.75.
    assert (figures["contributions"]["interaction"], figures["score"]) == ("2.625", "8.075")


def test_page_of_a_score_says_what_counted_as_taking_part(
    meeting: Meeting, owner: User, client: Client
):
    """Also a run from before talk was counted: its figures and its method stay what they were."""
    closing.close_meeting(meeting=meeting)
    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)
    client.force_login(owner)
    page = reverse("admin:analytics_run_change", args=[run_id])
    now = client.get(page).content.decode()

    run = Run.objects.get(pk=run_id)
    del run.dataset["facts"]["interaction"]
    run.save()
    then = client.get(page).content.decode()

    either, alone = "or talked for at least half a minute", "only those who wrote in the chat"
    assert [either in now, alone in now, either in then, alone in then] == [
        *(True, False),
        *(False, True),
    ]
    assert "This meeting scores 7.7 of 10." in then


def test_score_page_leads_back_to_its_meeting(meeting: Meeting, owner: User, client: Client):
    closing.close_meeting(meeting=meeting)
    [run_id] = scoring.request_missing_scores()
    execution.execute_run(run_id=run_id)
    client.force_login(owner)

    html = client.get(reverse("admin:analytics_run_change", args=[run_id])).content.decode()

    assert "This meeting scores 7.7 of 10." in html
    assert reverse("admin:meetings_meeting_by_public_id", args=[meeting.public_id]) in html
    assert "Satisfaction" in html
