"""A colleague's own open tasks, for the first page."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from crm.extensions import DayItem
from crm.models import Task, User

_HORIZON = timedelta(days=14)
_LIMIT = 50


def tasks_of_the_day(user: User) -> list[DayItem]:
    """Open tasks that are overdue or due within two weeks."""
    tasks = Task.objects.open().filter(owner=user, due__lte=timezone.localdate() + _HORIZON)
    return [
        DayItem(
            when=task.due,
            title=task.title,
            url=reverse("admin:crm_task_change", args=[task.pk]),
            icon="task",
            kind="task",
        )
        for task in tasks.order_by("due", "pk")[:_LIMIT]
    ]
