"""What analytics adds to pages of others: the first page, the day's list."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import permissions
from analytics.charts.drawing import show_number
from analytics.selectors import runs
from analytics.verdicts import verdict
from crm.extensions import DayItem, Panel

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
