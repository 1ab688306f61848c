"""What analytics adds to pages of others: the first page, a meeting's page, the day's list."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import permissions
from analytics.charts.drawing import show_number
from analytics.labels import label_indicator
from analytics.models import Run
from analytics.selectors import runs
from analytics.verdicts import verdict, worded_findings
from crm.extensions import DayItem, Panel
from meetings.extensions import MeetingOnPage

if TYPE_CHECKING:
    from crm.models import User


def build_index_panel(request: HttpRequest) -> Panel | None:
    """Latest runs, latest meeting scores, and the reports of the coming week."""
    user: Any = request.user
    if not permissions.can_read_analytics(user):
        return None
    return Panel(
        title=gettext_lazy("Figures"),
        template="admin/analytics/index_panel.html",
        context={
            "runs": list(runs.recent_runs(user)),
            "scores": [
                {
                    "run": run,
                    "score": show_number(run.figures["score"], 3),
                    "sentence": verdict(run),
                }
                for run in runs.recent_scores(user)
                if run.figures
            ],
            "reports": list(runs.upcoming_reports(user, timezone.now() + timedelta(days=7))),
            "can_start": permissions.can_request_runs(user),
        },
    )


def build_score_panel(request: HttpRequest, meeting: MeetingOnPage) -> Panel | None:
    """The effect score of a meeting with what it is made of, or why there is none (yet).

    Whoever reads the meeting's page reads its score; the run behind it opens for who may see it.
    """
    if meeting.is_cancelled:
        return None
    user: Any = request.user
    run = runs.latest_score(subject_ref=meeting.subject_ref) if meeting.is_closed else None
    return Panel(
        title=gettext_lazy("Meeting effect score"),
        template="admin/analytics/score_panel.html",
        context={
            "is_closed": meeting.is_closed,
            "run": run,
            "can_open": run is not None and permissions.can_see_run(user, run),
            "verdict": verdict(run) if run else "",
            "findings": worded_findings(run) if run else [],
            **(_score_parts(run) if run and run.is_answered else {}),
        },
    )


def _score_parts(run: Run) -> dict[str, Any]:
    figures = run.figures or {}
    return {
        "score": show_number(figures["score"], 3),
        "parts": [
            {
                "label": label_indicator(name),
                "value": show_number(part["mapped"], 3),
                "points": show_number(part["contribution"], 3),
                "most": show_number(float(part["weight"]) * 10, 3),
                "share": float(part["mapped"]) / 10,
                "people": part["n"],
            }
            for name, part in figures["indicators"].items()
        ],
    }


def list_day_items(user: "User") -> list[DayItem]:
    """Own reports that go out within a day."""
    until = timezone.now() + timedelta(days=1)
    return [
        DayItem(
            when=schedule.next_run_at,
            title=_("Report goes out: %(title)s") % {"title": schedule.title},
            url=reverse("admin:analytics_reportschedule_change", args=[schedule.pk]),
            icon="report",
            kind="report",
        )
        for schedule in runs.upcoming_reports(user, until).filter(owner=user)
        if schedule.next_run_at
    ]
