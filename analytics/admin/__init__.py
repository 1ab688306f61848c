"""The pages of analytics in the administration."""

from analytics.admin.report import ReportIssueAdmin, ReportScheduleAdmin
from analytics.admin.run import RunAdmin

__all__ = ["ReportIssueAdmin", "ReportScheduleAdmin", "RunAdmin"]
