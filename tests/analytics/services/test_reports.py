"""Reports: due once, mailed once, honest about what they do not know."""

import datetime as dt
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import timezone

from analytics.models import ReportIssue, ReportSchedule, Run
from analytics.services import execution, reports, scoring
from crm.models import Delivery, User
from crm.services import sending
from meetings.services import closing
from tests.factories.analytics import make_example_months, make_schedule
from tests.factories.meetings import make_chat_line, make_guest, make_past_meeting, make_presence

NOW = dt.datetime(2026, 11, 23, 0, 0, 30, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 11, 23, 0, 0, tzinfo=dt.UTC)  # Monday, 08:00 in Shanghai


@pytest.fixture(autouse=True)
def mail_folder(settings: Any, tmp_path: Any) -> None:
    settings.MAIL_FOLDER = tmp_path


@pytest.fixture
def schedule(owner: User, manager: User) -> ReportSchedule:
    make_example_months(owner)
    return make_schedule(owner, recipients=[owner, manager], title="Monday", next_run_at=DUE)


def issue_and_mail(now: dt.datetime = NOW) -> None:
    for run_id in reports.begin_due_issues(now=now):
        execution.execute_run(run_id=run_id)
    reports.mail_finished_issues(now=now)


def send_all() -> list[EmailMessage]:
    mails = []
    for delivery in Delivery.objects.order_by("pk"):
        assert sending.send(delivery_id=delivery.pk) == "sent"
        delivery.refresh_from_db()
        mails.append(message_from_bytes(delivery.read_mime(), policy=policy.default))
    return mails


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_due_report_is_issued_and_the_next_one_planned(schedule: ReportSchedule):
    run_ids = reports.begin_due_issues(now=NOW)

    issue = ReportIssue.objects.get()
    schedule.refresh_from_db()
    assert run_ids == [issue.run_id]
    assert issue.period == "2026-11-23"
    assert schedule.next_run_at == DUE + dt.timedelta(days=7)
    assert issue.run.requested_by == schedule.owner
    assert issue.run.parameters["start"] == "2026-01"
    assert issue.run.parameters["end"] == "2026-10"


def test_report_not_yet_due_waits(schedule: ReportSchedule):
    assert reports.begin_due_issues(now=DUE - dt.timedelta(seconds=1)) == []
    assert not ReportIssue.objects.exists()


def test_report_goes_out_once_although_its_due_time_is_put_back(schedule: ReportSchedule):
    issue_and_mail()
    ReportSchedule.objects.update(next_run_at=DUE)

    issue_and_mail()

    assert ReportIssue.objects.count() == 1
    assert Run.objects.count() == 1
    assert Delivery.objects.count() == 2


def test_mailing_finished_reports_twice_enqueues_once(schedule: ReportSchedule):
    issue_and_mail()

    assert reports.mail_finished_issues(now=NOW) == 0
    assert Delivery.objects.count() == 2


def test_report_waits_until_its_run_is_over(schedule: ReportSchedule):
    reports.begin_due_issues(now=NOW)

    assert reports.mail_finished_issues(now=NOW) == 0
    assert not Delivery.objects.exists()


def test_standstill_of_three_weeks_gives_one_report(schedule: ReportSchedule):
    later = NOW + dt.timedelta(days=21)

    issue_and_mail(later)
    issue_and_mail(later)

    schedule.refresh_from_db()
    assert ReportIssue.objects.count() == 1
    assert schedule.next_run_at == DUE + dt.timedelta(days=28)


def test_mail_has_verdict_chart_table_links_and_the_time_of_its_data(
    schedule: ReportSchedule, settings: Any
):
    issue_and_mail()

    mail = send_all()[0]

    html, text = html_of(mail), text_of(mail)
    run = Run.objects.get()
    assert mail["Subject"] == "Monday, 2026-11-23"
    for body in (html, text):
        assert "One more CNY of spend goes with about 1.44 CNY of sales" in body
        assert f"{settings.BASE_URL}/admin/analytics/run/{run.pk}/change/" in body
        assert "Data as of" in body
        assert "No meeting was held and closed in this time." in body
    assert 'src="cid:chart-1"' in html
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<chart-1>"
    assert picture.get_content().startswith(b"\x89PNG")
    assert "Scatter plot of 10 months" in html
    assert "<script" not in html


def test_meetings_of_the_week_are_listed_with_their_scores(schedule: ReportSchedule, owner: User):
    scored = make_past_meeting(owner, title="Scored")
    seat = make_guest(scored)
    make_presence(seat, minutes=50)
    make_chat_line(seat)
    seat.closing_rating = 5
    seat.save()
    unrated = make_past_meeting(owner, title="Unrated")
    make_presence(make_guest(unrated), minutes=50)
    for meeting in (scored, unrated):
        closing.close_meeting(meeting=meeting)
    for run_id in scoring.request_missing_scores():
        execution.execute_run(run_id=run_id)
    now = timezone.now()
    ReportSchedule.objects.update(next_run_at=now - dt.timedelta(minutes=1))

    issue_and_mail(now)

    issue = ReportIssue.objects.get()
    found = {meeting["title"]: meeting["score"] for meeting in issue.content["meetings"]}
    html = html_of(send_all()[0])
    assert found == {"Scored": "10", "Unrated": "5.714285714286"}
    assert html.count("without: Satisfaction") == 1
    assert ">0<" not in html.replace("\n", "").replace(" ", "")


def test_report_shows_what_its_owner_may_see_whoever_reads_it(
    stranger: User, owner: User, administrator: User
):
    make_example_months(owner)
    make_past_meeting(owner, title="Not for strangers")
    schedule = make_schedule(stranger, recipients=[administrator], next_run_at=DUE)

    issue_and_mail()

    run = Run.objects.get()
    assert run.requested_by == schedule.owner
    assert run.rows_in == 0
    assert run.status == "refused"


def test_refused_calculation_is_mailed_with_its_reason_and_no_figures(owner: User):
    make_schedule(owner, next_run_at=DUE)

    issue_and_mail()
    mail = send_all()[0]

    assert ReportIssue.objects.get().state == "mailed"
    assert "No figures:" in text_of(mail)
    assert not [part for part in mail.walk() if part.get_content_type() == "image/png"]


def test_failed_calculation_is_never_mailed_as_if_it_were_fine(schedule: ReportSchedule):
    reports.begin_due_issues(now=NOW)
    Run.objects.update(attempts=3)
    execution.execute_run(run_id=Run.objects.get().pk)
    reports.mail_finished_issues(now=NOW)

    mail = send_all()[0]

    assert ReportIssue.objects.get().state == "failed"
    assert mail["Subject"] == "Monday, 2026-11-23: the calculation failed"
    assert "do not read the lack of them as zero" in text_of(mail)
    assert "One more CNY" not in html_of(mail)


def test_third_failure_in_a_row_pauses_the_report_and_says_so(schedule: ReportSchedule):
    ReportSchedule.objects.update(failures_in_a_row=2)
    reports.begin_due_issues(now=NOW)
    Run.objects.update(attempts=3)
    execution.execute_run(run_id=Run.objects.get().pk)

    reports.mail_finished_issues(now=NOW)

    schedule.refresh_from_db()
    assert schedule.is_active is False
    assert schedule.next_run_at is None
    assert "this report is paused" in text_of(send_all()[0])


def test_success_forgets_earlier_failures(schedule: ReportSchedule):
    ReportSchedule.objects.update(failures_in_a_row=2)

    issue_and_mail()

    schedule.refresh_from_db()
    assert schedule.failures_in_a_row == 0


def test_each_recipient_reads_their_own_language_unless_one_is_set(
    schedule: ReportSchedule, manager: User
):
    User.objects.filter(pk=manager.pk).update(language="zh-hans", time_zone="Asia/Shanghai")

    issue_and_mail()

    found = dict(Delivery.objects.values_list("address", "language"))
    assert found == {schedule.owner.email: "en", manager.email: "zh-hans"}


def test_language_of_the_report_wins(schedule: ReportSchedule):
    ReportSchedule.objects.update(language="zh-hans")

    issue_and_mail()
    mail = send_all()[0]

    assert {delivery.language for delivery in Delivery.objects.all()} == {"zh-hans"}
    assert 'lang="zh-hans"' in html_of(mail)


def test_people_who_left_get_no_report(schedule: ReportSchedule, manager: User):
    User.objects.filter(pk=manager.pk).update(is_active=False)

    issue_and_mail()

    assert [delivery.address for delivery in Delivery.objects.all()] == [schedule.owner.email]


def test_report_of_an_owner_who_left_stops(schedule: ReportSchedule):
    User.objects.filter(pk=schedule.owner.pk).update(is_active=False)

    issue_and_mail()

    schedule.refresh_from_db()
    assert schedule.is_active is False
    assert ReportIssue.objects.get().state == "stopped"
    assert not Run.objects.exists()
    assert not Delivery.objects.exists()


def test_sample_goes_to_the_person_who_asks_and_to_nobody_else(
    schedule: ReportSchedule, owner: User
):
    issue = reports.begin_sample(schedule=schedule, user=owner)
    execution.execute_run(run_id=issue.run_id)
    reports.mail_finished_issues(now=timezone.now())

    mail = send_all()[0]

    schedule.refresh_from_db()
    assert Delivery.objects.count() == 1
    assert mail["To"] == owner.email
    assert mail["Subject"] == "Sample: Monday"
    assert schedule.next_run_at == DUE


@pytest.mark.parametrize("person", ["teammate", "stranger", "manager", "auditor", "marketer"])
def test_only_owner_and_administrator_change_a_report(
    request: pytest.FixtureRequest, schedule: ReportSchedule, person: str
):
    user = request.getfixturevalue(person)

    with pytest.raises(reports.ScheduleRefused):
        reports.save_schedule(schedule=schedule, user=user)
    with pytest.raises(reports.ScheduleRefused):
        reports.begin_sample(schedule=schedule, user=user)


def test_saved_schedule_knows_when_it_is_due(owner: User, administrator: User):
    schedule = make_schedule(
        owner, time_zone="Europe/Berlin", frequency="daily", local_time=dt.time(2, 30)
    )

    reports.save_schedule(schedule=schedule, user=administrator)

    schedule.refresh_from_db()
    assert schedule.next_run_at is not None
    assert schedule.next_run_at > timezone.now()
    schedule.is_active = False
    reports.save_schedule(schedule=schedule, user=owner)
    schedule.refresh_from_db()
    assert schedule.next_run_at is None
