"""Runs and reports as the first page, the day's list and other apps' pages want them."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from analytics.models import ReportSchedule, Run

if TYPE_CHECKING:
    from crm.models import User

_HAS_SCORE = Q(kind=Run.Kind.SCORE, status__in=Run.ANSWERED)


def recent_runs(user: "User", limit: int = 5) -> QuerySet[Run]:
    """The newest runs, whatever became of them, without the scores: see `recent_scores`."""
    runs = Run.objects.visible_to(user).for_lists().exclude(_HAS_SCORE)
    return runs.order_by("-created_at", "-pk")[:limit]


def recent_scores(user: "User", limit: int = 5) -> list[Run]:
    """The latest effect score of each meeting, newest first; figures included."""
    runs = (
        Run.objects.visible_to(user)
        .filter(_HAS_SCORE)
        .defer("dataset", "charts")
        .order_by("-created_at", "-pk")[: limit * 4]
    )
    latest: dict[str, Run] = {}
    for run in runs:
        latest.setdefault(run.subject_ref, run)
    return list(latest.values())[:limit]


def latest_score(*, subject_ref: str) -> Run | None:
    """The newest score run of a meeting, whatever its status.

    For who may read the meeting's page; whether they may open the run is another question.
    """
    runs = Run.objects.filter(kind=Run.Kind.SCORE, subject_ref=subject_ref)
    return runs.defer("dataset", "charts").order_by("-created_at", "-pk").first()


def upcoming_reports(user: "User", until: dt.datetime) -> QuerySet[ReportSchedule]:
    """Schedules of which a report is due before `until`."""
    return (
        ReportSchedule.objects.visible_to(user)
        .filter(is_active=True, next_run_at__lte=until)
        .order_by("next_run_at")
    )
