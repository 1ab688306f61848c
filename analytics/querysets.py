"""Who may see which rows, and the filters that several places need.

Sales see their own runs, managers those of their teams; marketing, admin and auditor see all.
"""

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db.models import Q

from crm.querysets import VisibleQuerySet, team_rule

if TYPE_CHECKING:
    from analytics.models import ReportIssue, ReportSchedule, Run  # noqa: F401 - named below
    from crm.models import User


class RunQuerySet(VisibleQuerySet["Run"]):
    def rule_for(self, user: "User") -> Q:
        return Q(requested_by=user) | team_rule(user, "requested_by__team")

    def open(self) -> Self:
        return self.filter(status__in=("queued", "running"))

    def without_a_worker(self, now: dt.datetime) -> Self:
        """Open runs that nobody holds: new ones, and those whose worker is gone."""
        return self.open().filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))

    def for_lists(self) -> Self:
        """Without the wide columns, which only the run page needs."""
        return self.select_related("requested_by").defer("dataset", "figures", "charts")


class ReportScheduleQuerySet(VisibleQuerySet["ReportSchedule"]):
    def rule_for(self, user: "User") -> Q:
        return Q(owner=user) | team_rule(user, "owner__team")

    def due(self, now: dt.datetime) -> Self:
        return self.filter(is_active=True, next_run_at__lte=now)


class ReportIssueQuerySet(VisibleQuerySet["ReportIssue"]):
    def rule_for(self, user: "User") -> Q:
        return Q(schedule__owner=user) | team_rule(user, "schedule__owner__team")
