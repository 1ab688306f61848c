"""What the page of one run, and the comparison of two, show."""

import uuid
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from analytics import charts, permissions, tables
from analytics.datasets import Snapshot
from analytics.labels import label_column, label_difference, label_drop, label_parameter
from analytics.methods import ANCHORS
from analytics.models import Run
from analytics.services import runs
from analytics.verdicts import verdict, worded_findings
from crm.extensions import timeline_links

if TYPE_CHECKING:
    from crm.models import User

ROWS_PER_PAGE = 50
MAX_DIFFERENCES = 200
# Ids, and the budget's table, which is among the rows.
_SHOWN_ELSEWHERE = frozenset({"meeting", "channels"})


def build(*, run: Run, user: "User", page: str) -> dict[str, Any]:
    can_steer = permissions.can_steer_run(user, run)
    return {
        "run": run,
        "verdict": verdict(run),
        "findings": worded_findings(run),
        "charts": [charts.draw(chart) for chart in run.charts],
        "chart_themes": charts.THEMES,
        "tables": tables.list_tables(run),
        "parameters": [
            label_parameter(name, value)
            for name, value in run.parameters.items()
            if name not in _SHOWN_ELSEWHERE
        ],
        "inputs": _inputs(run, page),
        "method_anchor": ANCHORS[Run.Kind(run.kind)],
        "method_template": f"admin/analytics/run/methods/{run.kind}.html",
        "subject_url": timeline_links.find(run.subject_ref) if run.subject_ref else None,
        "can_cancel": can_steer and run.is_open,
        "can_repeat": can_steer and not run.is_open,
        "request_key": str(uuid.uuid4()),
        "successors": list(run.successors.visible_to(user).for_lists()[:10]),
        "can_see_predecessor": run.predecessor is not None
        and permissions.can_see_run(user, run.predecessor),
    }


def _inputs(run: Run, page: str) -> dict[str, Any] | None:
    if run.dataset is None:
        return None
    snapshot = Snapshot.from_json(run.dataset)
    names = [column.name for column in snapshot.columns]
    paginator = Paginator(snapshot.rows, ROWS_PER_PAGE)
    current = paginator.get_page(page)
    return {
        "headers": [
            f"{label_column(column.name)} ({column.unit})"
            if column.unit
            else label_column(column.name)
            for column in snapshot.columns
        ],
        "rows": [[row[name] for name in names] for row in current],
        "page": current,
        "dropped": [(row.key, label_drop(row.reason)) for row in snapshot.dropped],
    }


def build_comparison(*, before: Run, after: Run) -> dict[str, Any]:
    found = runs.compare_runs(before=before, after=after)
    return {
        "before": before,
        "after": after,
        "verdict_before": verdict(before),
        "verdict_after": verdict(after),
        "has_equal_figures": before.figures == after.figures,
        "differences": [
            (label_difference(difference.name), _show(difference.before), _show(difference.after))
            for difference in found[:MAX_DIFFERENCES]
        ],
        "more": max(0, len(found) - MAX_DIFFERENCES),
    }


def _show(value: Any) -> str:
    """Figures in full: a comparison that rounds would hide what it is for."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
