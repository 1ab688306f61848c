"""Things to do: giving them to a colleague and ticking them off."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Contact, Task, User
from crm.services.errors import Refusal

if TYPE_CHECKING:
    from django.db.models import QuerySet


class TaskNeedsTitle(Refusal):
    code = "task_needs_title"


def create_task(
    *,
    title: str,
    owner: User,
    due: date | datetime,
    contact: Contact | None = None,
    origin: str,
    subject_ref: str = "",
    key: str | None = None,
) -> Task:
    """A task for `owner`, due on a day; a moment counts as its day in the owner's time zone.

    With `key` a second call gives the first task. Raises TaskNeedsTitle.
    """
    title = " ".join(title.split())
    if not title:
        raise TaskNeedsTitle(_("Say what is to be done."))
    facts = {
        "title": title[:200],
        "owner": owner,
        "due": _day_of(due, owner),
        "contact": contact,
        "origin": origin,
        "subject_ref": subject_ref,
    }
    if key is None:
        return Task.objects.create(**facts)
    task, _made = Task.objects.get_or_create(key=key, defaults=facts)
    return task


def _day_of(due: date | datetime, owner: User) -> date:
    if isinstance(due, datetime):
        return due.astimezone(ZoneInfo(owner.time_zone)).date()
    return due


def mark_done(*, tasks: "QuerySet[Task]") -> int:
    """Tick off the open ones among `tasks`; gives how many."""
    with transaction.atomic():
        return tasks.filter(done_at__isnull=True).update(done_at=timezone.now())


def reopen(*, task_ids: Iterable[int]) -> int:
    return Task.objects.filter(pk__in=list(task_ids)).update(done_at=None)
