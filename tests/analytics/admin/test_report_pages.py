"""The pages of scheduled reports, and what analytics puts on the first page."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from analytics.models import ReportIssue, ReportSchedule, Run
from analytics.services import execution, reports
from crm.models import Delivery, User
from tests.factories.analytics import (
    make_example_months,
    make_issue,
    make_run,
    make_schedule,
    make_score_run,
)

ADD = reverse("admin:analytics_reportschedule_add")
ISSUES = reverse("admin:analytics_reportissue_changelist")


def page_of(schedule: ReportSchedule) -> str:
    return reverse("admin:analytics_reportschedule_change", args=[schedule.pk])


def sample_of(schedule: ReportSchedule) -> str:
    return reverse("admin:analytics_reportschedule_sample", args=[schedule.pk])


@pytest.fixture
def open_as(client: Client) -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


def answers(*recipients: User, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Monday",
        "recipients": [user.pk for user in recipients],
        "language": "",
        "frequency": "weekly",
        "weekday": "0",
        "month_day": "1",
        "local_time": "08:00",
        "time_zone": "Europe/Berlin",
        "is_active": "on",
        "currency": "EUR",
        "months": "12",
    } | changes


def test_new_schedule_belongs_to_its_maker_and_knows_when_it_is_due(
    owner: User, manager: User, open_as: Callable[[User], Client]
):
    response = open_as(owner).post(ADD, answers(owner, manager))

    schedule = ReportSchedule.objects.get()
    assert response.status_code == 302
    assert schedule.owner == owner
    assert set(schedule.recipients.all()) == {owner, manager}
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > timezone.now()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice."),
        ({"currency": "euro"}, "Write the three capital letters of a currency"),
        ({"month_day": "32"}, "less than or equal to 31"),
    ],
)
def test_schedule_form_refuses_with_a_sentence(
    owner: User, open_as: Callable[[User], Client], changes: dict[str, str], sentence: str
):
    html = open_as(owner).post(ADD, answers(owner, **changes)).content.decode()

    assert sentence in html
    assert not ReportSchedule.objects.exists()


def test_attendees_cannot_be_made_recipients(
    owner: User, attendee_account: User, open_as: Callable[[User], Client]
):
    open_as(owner).post(ADD, answers(attendee_account))

    assert not ReportSchedule.objects.exists()


@pytest.mark.parametrize(
    ("person", "reads", "changes"),
    [
        ("owner", True, True),
        ("manager", True, False),
        ("administrator", True, True),
        ("auditor", True, False),
        ("teammate", False, False),
        ("stranger", False, False),
    ],
)
def test_schedule_is_read_and_changed_by_the_right_people(
    request: pytest.FixtureRequest,
    owner: User,
    open_as: Callable[[User], Client],
    person: str,
    reads: bool,
    changes: bool,
):
    schedule = make_schedule(owner, title="Monday")
    client = open_as(request.getfixturevalue(person))

    page = client.get(page_of(schedule))
    client.post(page_of(schedule), answers(owner, title="Changed"))
    client.post(sample_of(schedule))

    schedule.refresh_from_db()
    assert (page.status_code == 200) is reads
    assert schedule.title == ("Changed" if changes else "Monday")
    assert ReportIssue.objects.exists() is changes


def test_sample_is_calculated_mailed_to_its_asker_and_shown(
    owner: User, manager: User, open_as: Callable[[User], Client]
):
    make_example_months(owner)
    schedule = make_schedule(owner, recipients=[manager])
    client = open_as(owner)

    response = client.post(sample_of(schedule))
    waiting = client.get(response.url).content.decode()
    issue = ReportIssue.objects.get()
    execution.execute_run(run_id=issue.run_id)
    reports.mail_finished_issues(now=timezone.now())
    shown = client.get(response.url).content.decode()

    assert "data-run-progress" in waiting
    assert [delivery.address for delivery in Delivery.objects.all()] == [owner.email]
    assert "Sales and spend" in shown
    assert "Data as of" in shown
    assert "cid:" not in shown


def test_issue_of_others_does_not_exist_for_strangers(
    owner: User, stranger: User, open_as: Callable[[User], Client]
):
    issue = make_issue(make_schedule(owner), state="mailed")

    response = open_as(stranger).get(reverse("admin:analytics_reportissue_change", args=[issue.pk]))

    assert response.status_code == 404


def test_list_of_reports_costs_the_same_for_many(owner: User, open_as: Callable[[User], Client]):
    make_issue(make_schedule(owner))
    client = open_as(owner)
    client.get(ISSUES)
    with CaptureQueriesContext(connection) as for_one:
        client.get(ISSUES)
    for _number in range(2):
        make_issue(make_schedule(owner))

    with CaptureQueriesContext(connection) as for_three:
        client.get(ISSUES)

    assert len(for_three) <= len(for_one)


def test_first_page_shows_scores_runs_and_coming_reports_of_the_reader(
    owner: User, stranger: User, open_as: Callable[[User], Client]
):
    make_score_run(requested_by=owner, subject_title="Spring launch")
    make_score_run(requested_by=stranger, subject_title="Of a stranger")
    make_schedule(owner, title="Monday report", next_run_at=timezone.now() + dt.timedelta(hours=3))

    html = open_as(owner).get(reverse("admin:index")).content.decode()

    assert "Spring launch" in html
    assert "This meeting scores 7.1 of 10." in html
    assert "Report goes out: Monday report" in html
    assert "Of a stranger" not in html


def test_first_page_names_each_run_once(owner: User, open_as: Callable[[User], Client]):
    make_score_run(requested_by=owner, subject_title="Spring launch")
    client = open_as(owner)
    with_score = client.get(reverse("admin:index")).content.decode()
    make_run(requested_by=owner)
    make_score_run(requested_by=owner, subject_title="Nobody came", status=Run.Status.REFUSED)
    with_all = client.get(reverse("admin:index")).content.decode()

    assert with_score.count("Spring launch") == 1
    assert "Latest runs" not in with_score
    assert "Nothing has been calculated yet." not in with_score
    assert with_all.count("Spring launch") == 1
    assert "Latest runs" in with_all
    assert with_all.count("Nobody came") == 1
