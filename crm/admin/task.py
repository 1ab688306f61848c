"""Tasks: what is open for me, and ticking it off."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.admin.base import VisibleAdmin, badge
from crm.models import Task
from crm.services import tasks


class OpenFilter(admin.SimpleListFilter):
    """Without a choice: my own open tasks."""

    title = gettext_lazy("which")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", gettext_lazy("Open, everybody's")),
            ("done", gettext_lazy("Done")),
            ("all", gettext_lazy("All tasks")),
        ]

    def choices(self, changelist: Any) -> Any:
        mine, *others = super().choices(changelist)
        yield {**mine, "display": _("My open tasks")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        if self.value() == "all":
            return queryset
        if self.value() == "done":
            return queryset.filter(done_at__isnull=False)
        is_open = queryset.filter(done_at__isnull=True)
        user: Any = request.user
        return is_open if self.value() == "open" else is_open.filter(owner=user)


@admin.register(Task)
class TaskAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("title", "due_badge", "contact", "owner", "origin", "done_at")
    list_filter = (OpenFilter, "origin")
    list_select_related = ("contact", "owner")
    search_fields = ("title", "contact__name")
    autocomplete_fields = ("owner", "contact")
    fields = ("title", "due", "owner", "contact", "note", "origin", "done_at")
    readonly_fields = ("origin", "done_at")
    actions = ("mark_done",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        own = {"owner": request.user.pk, "due": timezone.localdate()}
        return {**own, **super().get_changeform_initial_data(request)}

    @admin.display(description=gettext_lazy("due"), ordering="due")
    def due_badge(self, task: Task) -> SafeString | str:
        day = date_format(task.due, "SHORT_DATE_FORMAT")
        if task.is_done:
            return day
        today = timezone.localdate()
        if task.due < today:
            return badge(day, "bad")
        return badge(day, "warn") if task.due == today else day

    @admin.action(description=gettext_lazy("Mark as done"), permissions=["change"])
    def mark_done(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        count = tasks.mark_done(tasks=queryset)
        sentence = ngettext("%(count)d task is done.", "%(count)d tasks are done.", count)
        messages.success(request, sentence % {"count": count})
