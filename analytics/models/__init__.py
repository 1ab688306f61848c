"""Tables of the analytics app: runs and scheduled reports."""

from analytics.models.report import ReportIssue, ReportSchedule
from analytics.models.run import Run

__all__ = ["ReportIssue", "ReportSchedule", "Run"]
