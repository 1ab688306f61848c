"""Asking for work from pages: the row first, then a knock on the worker's door.

If the knock is lost the sweep finds the row within two seconds.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analytics.models import ReportIssue, ReportSchedule, Run
from analytics.services import reports, runs
from analytics.tasks import execute_run
from crm.services import wakeups

if TYPE_CHECKING:
    from crm.models import User


def start_run(
    *,
    kind: str,
    requested_by: "User",
    parameters: Mapping[str, Any],
    request_key: str = "",
    title: str = "",
) -> Run:
    run = runs.request_run(
        kind=kind,
        requested_by=requested_by,
        parameters=parameters,
        request_key=request_key,
        subject_title=title,
    )
    wakeups.wake(execute_run.name, run.pk)
    return run


def start_repetition(
    *, run: Run, user: "User", with_new_data: bool = False, request_key: str = ""
) -> Run:
    repeated = runs.repeat_run(
        run=run, user=user, with_new_data=with_new_data, request_key=request_key
    )
    wakeups.wake(execute_run.name, repeated.pk)
    return repeated


def start_sample(*, schedule: ReportSchedule, user: "User") -> ReportIssue:
    """A report right now, mailed to the person who asks."""
    issue = reports.begin_sample(schedule=schedule, user=user)
    if issue.run_id is not None:
        wakeups.wake(execute_run.name, issue.run_id)
    return issue
