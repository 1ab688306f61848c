"""Scheduled reports: one issue for each period, begun once and mailed once."""

import datetime as dt
import logging
import uuid
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analytics import permissions
from analytics.models import ReportIssue, ReportSchedule, Run
from analytics.selectors import report_content
from analytics.services.recurrence import Frequency, Occurrence, Recurrence, next_occurrence
from analytics.services.runs import request_run
from crm.services import deliveries
from crm.services.errors import Refusal

if TYPE_CHECKING:
    from crm.models import User

logger = logging.getLogger(__name__)

COMPOSER = "analytics_report"
_FREQUENCIES: dict[str, Frequency] = {"daily": "daily", "weekly": "weekly", "monthly": "monthly"}


class ScheduleRefused(Refusal):
    code = "schedule_refused"


def plan_next(*, schedule: ReportSchedule, after: dt.datetime) -> Occurrence:
    """The next due moment of a schedule, in its own zone."""
    rule = Recurrence(
        frequency=_FREQUENCIES[schedule.frequency],
        local_time=schedule.local_time,
        time_zone=schedule.time_zone,
        weekday=schedule.weekday,
        month_day=schedule.month_day,
    )
    return next_occurrence(rule, after)


def save_schedule(
    *, schedule: ReportSchedule, user: "User", recipients: list["User"] | None = None
) -> ReportSchedule:
    """Store a new or changed schedule and work out when it is due next."""
    if not permissions.can_change_schedule(user, schedule):
        raise ScheduleRefused(_("Only the owner of a report may change it."))
    schedule.next_run_at = (
        plan_next(schedule=schedule, after=timezone.now()).at if schedule.is_active else None
    )
    schedule.failures_in_a_row = 0
    with transaction.atomic():
        schedule.save()
        if recipients is not None:
            schedule.recipients.set(recipients)
    return schedule


def begin_due_issues(*, now: dt.datetime) -> list[int]:
    """Begin one issue for each schedule that is due; gives the runs to wake.

    After a standstill only the latest missed period is reported: figures are as of now, and ten
    equal mails help nobody.
    """
    run_ids = []
    for schedule in ReportSchedule.objects.due(now).select_related("owner").order_by("pk"):
        issue = _begin_due(schedule, now)
        if issue is not None and issue.run_id is not None:
            run_ids.append(issue.run_id)
    return run_ids


def _begin_due(schedule: ReportSchedule, now: dt.datetime) -> ReportIssue | None:
    due_at = schedule.next_run_at
    if due_at is None:
        return None
    period = due_at.astimezone(_zone(schedule)).date().isoformat()
    following = plan_next(schedule=schedule, after=now).at
    with transaction.atomic():
        # Two workers may see the same due row; the one whose update changes it goes on.
        claimed = ReportSchedule.objects.filter(pk=schedule.pk, next_run_at=due_at, is_active=True)
        if claimed.update(next_run_at=following) == 0:
            return None
        issue, is_new = ReportIssue.objects.get_or_create(
            schedule=schedule, period=period, defaults={"due_at": due_at}
        )
        if not is_new:
            return None
        if not permissions.can_read_analytics(schedule.owner):
            logger.warning("Report %s stopped: its owner works here no more.", schedule.public_id)
            issue.state = ReportIssue.State.STOPPED
            issue.save(update_fields=["state"])
            ReportSchedule.objects.filter(pk=schedule.pk).update(is_active=False, next_run_at=None)
            return issue
        return _attach_run(issue, schedule, now)


def begin_sample(*, schedule: ReportSchedule, user: "User") -> ReportIssue:
    """A report right now for the person who asks, outside the rhythm."""
    if not permissions.can_change_schedule(user, schedule):
        raise ScheduleRefused(_("Only the owner of a report may send a sample."))
    now = timezone.now()
    with transaction.atomic():
        issue = ReportIssue.objects.create(
            schedule=schedule, period=f"sample:{uuid.uuid4()}", due_at=now, sample_for=user
        )
        return _attach_run(issue, schedule, now)


def _attach_run(issue: ReportIssue, schedule: ReportSchedule, now: dt.datetime) -> ReportIssue:
    today = now.astimezone(_zone(schedule)).date()
    issue.run = request_run(
        kind=Run.Kind.REGRESSION,
        requested_by=schedule.owner,
        parameters=run_parameters(schedule, today),
        request_key=f"report:{schedule.pk}:{issue.period}",
    )
    issue.save(update_fields=["run"])
    return issue


def run_parameters(schedule: ReportSchedule, today: dt.date) -> dict[str, Any]:
    """The last full months before `today`, all channels together."""
    last = today.replace(day=1) - dt.timedelta(days=1)
    months = last.year * 12 + last.month - schedule.months
    return {
        "currency": schedule.currency,
        "start": f"{months // 12:04d}-{months % 12 + 1:02d}",
        "end": f"{last:%Y-%m}",
        "channels": [],
        "channel_names": [],
        "combine": True,
        "forecast": {},
    }


def is_report_waiting(*, run_id: int) -> bool:
    """Does a report wait for this run?"""
    waiting = ReportIssue.objects.filter(run=run_id, state=ReportIssue.State.CALCULATING)
    return waiting.exists()


def mail_finished_issues(*, now: dt.datetime) -> int:
    """Mail each issue whose run is over; gives how many."""
    finished = (
        ReportIssue.objects.filter(state=ReportIssue.State.CALCULATING)
        .exclude(run__status__in=Run.OPEN)
        .select_related("schedule__owner", "run", "sample_for")
        .order_by("pk")
    )
    return sum(_mail(issue, now) for issue in finished)


def _mail(issue: ReportIssue, now: dt.datetime) -> bool:
    schedule, run = issue.schedule, issue.run
    has_failed = run is None or run.status in (Run.Status.FAILED, Run.Status.CANCELLED)
    state = ReportIssue.State.FAILED if has_failed else ReportIssue.State.MAILED
    content = report_content.collect(issue=issue, now=now)
    with transaction.atomic():
        mine = ReportIssue.objects.filter(pk=issue.pk, state=ReportIssue.State.CALCULATING)
        changed = mine.update(
            state=state,
            content=content,
            data_as_of=run.dataset_frozen_at if run and run.dataset_frozen_at else now,
            mailed_at=now,
        )
        if changed == 0:
            return False
        if not issue.is_sample:
            _count_failures(schedule, has_failed=has_failed)
        for person in _readers(issue):
            deliveries.enqueue(
                purpose_key=f"report:{issue.public_id}",
                address=person.email,
                composer=COMPOSER,
                parameters={"issue": issue.pk},
                language=schedule.language or person.language,
                time_zone=person.time_zone,
                subject_ref=f"report:{issue.public_id}",
                subject=schedule.title,
            )
    return True


def _count_failures(schedule: ReportSchedule, *, has_failed: bool) -> None:
    """After three failures in a row a schedule pauses: the third mail says so."""
    failures = schedule.failures_in_a_row + 1 if has_failed else 0
    values: dict[str, Any] = {"failures_in_a_row": failures}
    if failures >= ReportSchedule.FAILURE_LIMIT:
        values |= {"is_active": False, "next_run_at": None}
    ReportSchedule.objects.filter(pk=schedule.pk).update(**values)


def _readers(issue: ReportIssue) -> list["User"]:
    if issue.sample_for is not None:
        return [issue.sample_for]
    return list(issue.schedule.recipients.filter(is_active=True, is_staff=True).order_by("pk"))


def _zone(schedule: ReportSchedule) -> ZoneInfo:
    return ZoneInfo(schedule.time_zone)
