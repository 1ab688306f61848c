"""Work in the background. Each task makes one service call; running it twice is harmless."""

from celery import shared_task
from django.utils import timezone

from analytics.services import execution, reports, runs, scoring
from crm.services import wakeups

SOFT_LIMIT_S, HARD_LIMIT_S = 600, 630
SWEEP_INTERVAL_S = 2
# The sweep comes again after two seconds: what a busy worker could not take by then is stale.
SWEEP_EXPIRES_S = 6


@shared_task(soft_time_limit=SOFT_LIMIT_S, time_limit=HARD_LIMIT_S)
def execute_run(run_id: int) -> None:
    """Carry out one run, and send the reports that waited for it on their way."""
    if execution.execute_run(run_id=run_id) and reports.is_report_waiting(run_id=run_id):
        wakeups.wake(issue_due_reports.name)


@shared_task(soft_time_limit=30, time_limit=40)
def sweep_runs() -> None:
    """Wake runs that have no worker: new ones, and those whose worker died."""
    for run in runs.waiting_runs(now=timezone.now(), ahead_s=SWEEP_INTERVAL_S):
        execute_run.apply_async((run.pk,), countdown=run.free_in_s, expires=SWEEP_EXPIRES_S)


@shared_task(soft_time_limit=60, time_limit=90)
def score_closed_meetings() -> None:
    """Ask for the effect score of each closed meeting that has none yet."""
    for run_id in scoring.request_missing_scores():
        wakeups.wake(execute_run.name, run_id)


@shared_task(soft_time_limit=120, time_limit=150)
def issue_due_reports() -> None:
    """Begin the reports that are due, and mail those whose figures are there."""
    for run_id in reports.begin_due_issues(now=timezone.now()):
        wakeups.wake(execute_run.name, run_id)
    reports.mail_finished_issues(now=timezone.now())
