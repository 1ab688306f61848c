"""What a report says beside its regression: the meetings since the last one, and their scores."""

import datetime as dt
from typing import Any

from analytics.models import ReportIssue, ReportSchedule, Run
from meetings.selectors import outcomes

_SPANS: dict[str, dt.timedelta] = {
    ReportSchedule.Frequency.DAILY.value: dt.timedelta(days=1),
    ReportSchedule.Frequency.WEEKLY.value: dt.timedelta(days=7),
    ReportSchedule.Frequency.MONTHLY.value: dt.timedelta(days=31),
}


def collect(*, issue: ReportIssue, now: dt.datetime) -> dict[str, Any]:
    """Meetings that the schedule's owner may see, with figures as they stand now."""
    schedule = issue.schedule
    start = _start(issue)
    held = outcomes.outcomes_between(user=schedule.owner, start=start, end=now)
    scores = _scores({f"meeting:{outcome.public_id}" for outcome in held}, schedule)
    return {
        "start": start.isoformat(),
        "end": now.isoformat(),
        "meetings": [
            {
                "public_id": str(outcome.public_id),
                "title": outcome.title,
                "starts_at": outcome.starts_at.isoformat(),
                "registered": outcome.registered,
                "attended": outcome.attended,
                **_score_of(scores.get(f"meeting:{outcome.public_id}")),
            }
            for outcome in held
        ],
    }


def _start(issue: ReportIssue) -> dt.datetime:
    """Since the last regular report, but no further back than one period."""
    earliest: dt.datetime = issue.due_at - _SPANS[issue.schedule.frequency]
    previous: dt.datetime | None = (
        ReportIssue.objects.filter(
            schedule=issue.schedule, due_at__lt=issue.due_at, sample_for__isnull=True
        )
        .order_by("-due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    return max(earliest, previous) if previous else earliest


def _scores(references: set[str], schedule: ReportSchedule) -> dict[str, Run]:
    """The newest finished score of each meeting that the owner may see."""
    runs = (
        Run.objects.visible_to(schedule.owner)
        .filter(kind=Run.Kind.SCORE, subject_ref__in=references)
        .exclude(status__in=Run.OPEN)
        .order_by("created_at", "pk")
    )
    return {run.subject_ref: run for run in runs}


def _score_of(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {"run": None, "score": None}
    figures = (run.figures if run.is_answered else None) or {}
    return {
        "run": run.pk,
        "score": figures.get("score"),
        "left_out": figures.get("left_out", []),
    }
