"""Reusable filters over meetings and what hangs on them: the one rule of who sees what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model, Q, QuerySet

if TYPE_CHECKING:
    from crm.models import User
    from meetings.models import Meeting, Registration, Seat

_Row = TypeVar("_Row", bound=Model)

SEES_EVERYTHING = frozenset({"marketing", "admin", "auditor"})


def visible_meetings_q(user: Any, prefix: str = "") -> Q:
    """The condition under which `user` sees a meeting: one's own and those one co-hosts;
    a manager also those of the teams below; marketing, admin and auditor all of them."""
    if not user.is_authenticated or not user.is_staff:
        return Q(pk__in=[])
    if user.is_superuser:
        return Q()
    roles = set(user.groups.values_list("name", flat=True))
    if roles & SEES_EVERYTHING:
        return Q()
    return Q(**{f"{prefix}host": user.pk}) | Q(**{f"{prefix}co_hosts": user.pk})


class _VisibleQuerySet(QuerySet[_Row]):
    """Rows that hang on a meeting at `meeting_path` are seen by who sees the meeting."""

    meeting_path = ""

    def visible_to(self, user: Any) -> _VisibleQuerySet[_Row]:
        condition = visible_meetings_q(user, self.meeting_path)
        return self.filter(pk__in=self.model._default_manager.filter(condition).values("pk"))


class MeetingQuerySet(_VisibleQuerySet["Meeting"]):
    pass


class RegistrationQuerySet(_VisibleQuerySet["Registration"]):
    meeting_path = "meeting__"


class SeatQuerySet(_VisibleQuerySet["Seat"]):
    meeting_path = "meeting__"
