"""Who may do what with runs and scheduled reports. Lists start from `visible_to(user)`."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser

from analytics.models import ReportSchedule, Run
from crm import permissions as people

if TYPE_CHECKING:
    from crm.models import User

    Person = User | AnonymousUser


def can_read_analytics(user: "Person") -> bool:
    return people.can_view_any(user, Run)


def can_request_runs(user: "Person") -> bool:
    """Whoever has a role that writes; auditors only read."""
    return can_read_analytics(user) and not _only_reads(user)


def can_see_run(user: "Person", run: Run) -> bool:
    return Run.objects.visible_to(user).filter(pk=run.pk).exists()


def can_steer_run(user: "Person", run: Run) -> bool:
    """Cancel it, or repeat it."""
    return can_request_runs(user) and can_see_run(user, run)


def can_see_schedule(user: "Person", schedule: ReportSchedule) -> bool:
    return ReportSchedule.objects.visible_to(user).filter(pk=schedule.pk).exists()


def can_change_schedule(user: "Person", schedule: ReportSchedule) -> bool:
    """A report shows what its owner may see, so only the owner or an administrator decides."""
    if not can_request_runs(user):
        return False
    return schedule.owner_id == user.pk or _is_administrator(user)


def _only_reads(user: "Person") -> bool:
    return user.is_anonymous or user.role_names <= {"auditor"}


def _is_administrator(user: "Person") -> bool:
    return not user.is_anonymous and "admin" in user.role_names
