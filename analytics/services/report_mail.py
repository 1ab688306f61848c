"""Writes the mail of a report: in the reader's language, with the chart inside the mail.

Runs in a worker when the mail is sent; the delivery's language and time zone are active.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from analytics import charts, tables
from analytics.charts.drawing import show_number
from analytics.labels import label_indicator
from analytics.models import ReportIssue, ReportSchedule, Run
from analytics.sentences.spelling import join_names
from analytics.verdicts import verdict, worded_findings
from crm.extensions import ComposedMail, InlineImage
from crm.selectors import organisation

if TYPE_CHECKING:
    from crm.models import Delivery

CHART_CID = "chart-{number}"
TEMPLATE = "mail/analytics/report"
ALWAYS_SAID = {"association_only"}  # a remark that no figure of cause and effect goes without


def compose_report(delivery: "Delivery") -> ComposedMail:
    """The composer `analytics_report`; parameters: {"issue": id}."""
    issue = ReportIssue.objects.select_related("schedule", "schedule__owner", "run").get(
        pk=delivery.parameters["issue"]
    )
    # The renderer is large; only workers that write reports load it.
    from analytics.charts.png import render_png

    drawings = draw_charts(issue)
    context = build_context(issue)
    context["charts"] = [
        {"cid": CHART_CID.format(number=number), "drawing": drawing}
        for number, drawing in enumerate(drawings, start=1)
    ]
    return ComposedMail(
        subject=context["subject"],
        text=render_to_string(f"{TEMPLATE}.txt", context),
        html=render_to_string(f"{TEMPLATE}.html", context),
        inline_images=[
            InlineImage(cid=chart["cid"], png=render_png(chart["drawing"]))
            for chart in context["charts"]
        ],
    )


def draw_charts(issue: ReportIssue) -> list[charts.Drawing]:
    run = issue.run
    if run is None or not run.is_answered:
        return []
    return [charts.draw(chart) for chart in run.charts]


def build_context(issue: ReportIssue) -> dict[str, Any]:
    """What the mail and its preview say, in the active language and time zone."""
    schedule, run = issue.schedule, issue.run
    has_failed = issue.state == ReportIssue.State.FAILED or (
        run is not None and run.status in (Run.Status.FAILED, Run.Status.CANCELLED)
    )
    content = issue.content or {"meetings": [], "start": None, "end": None}
    return {
        "issue": issue,
        "schedule": schedule,
        "subject": _subject(issue, has_failed=has_failed),
        "has_failed": has_failed,
        "is_paused": has_failed and not issue.is_sample and not schedule.is_active,
        "failure_limit": ReportSchedule.FAILURE_LIMIT,
        "run": run,
        "run_url": _absolute("admin:analytics_run_change", run.pk) if run else "",
        "verdict": verdict(run) if run else "",
        "findings": [
            finding
            for finding in (worded_findings(run) if run else [])
            if finding["severity"] != "info" or finding["code"] in ALWAYS_SAID
        ],
        "tables": tables.list_tables(run)[:1] if run else [],
        "data_as_of": issue.data_as_of,
        "start": _time(content["start"]),
        "end": _time(content["end"]),
        "meetings": [_meeting(meeting) for meeting in content["meetings"]],
        "scores_url": _absolute("admin:analytics_run_changelist") + "?kind__exact=score",
        "runs_url": _absolute("admin:analytics_run_changelist") + "?kind__exact=regression",
        "schedule_url": _absolute("admin:analytics_reportschedule_change", schedule.pk),
    }


def _subject(issue: ReportIssue, *, has_failed: bool) -> str:
    values = {"title": issue.schedule.title, "period": issue.period}
    if issue.is_sample:
        return _("Sample: %(title)s") % values
    if has_failed:
        return _("%(title)s, %(period)s: the calculation failed") % values
    return _("%(title)s, %(period)s") % values


def _meeting(meeting: dict[str, Any]) -> dict[str, Any]:
    """A figure that is not there is said in words: it never looks like zero."""
    has_score = meeting["score"] is not None
    return {
        "title": meeting["title"],
        "starts_at": _time(meeting["starts_at"]),
        "registered": meeting["registered"],
        "attended": meeting["attended"],
        "score": show_number(meeting["score"], 3) if has_score else "",
        "left_out": join_names(list(map(label_indicator, meeting.get("left_out", [])))),
        "url": _absolute("admin:analytics_run_change", meeting["run"]) if meeting["run"] else "",
    }


def _time(text: str | None) -> dt.datetime | None:
    return parse_datetime(text) if text else None


def _absolute(name: str, *args: Any) -> str:
    return organisation.absolute(reverse(name, args=args))
