"""Runs: the list, the page of one run, and what can be done with it."""

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from analytics import enqueue, permissions
from analytics.admin import export, run_page
from analytics.admin.colleagues import colleague
from analytics.forms import RUN_FORMS
from analytics.methods import read_methods, read_summary
from analytics.models import Run
from analytics.services import runs
from crm.admin.base import VisibleAdmin
from crm.services.errors import Refusal

if TYPE_CHECKING:
    RunModelAdmin = admin.ModelAdmin[Run]
else:
    RunModelAdmin = admin.ModelAdmin

BADGES = {
    Run.Status.QUEUED: "neutral",
    Run.Status.RUNNING: "accent",
    Run.Status.OK: "good",
    Run.Status.OK_WITH_WARNINGS: "warn",
    Run.Status.REFUSED: "warn",
    Run.Status.FAILED: "bad",
    Run.Status.CANCELLED: "neutral",
}


@admin.register(Run)
class RunAdmin(VisibleAdmin, RunModelAdmin):
    """Results are read only: a run is never edited, it is repeated."""

    list_display = ["title_column", "kind", "status_badge", "requested_by", "created_at"]
    list_display_links = ["title_column"]
    list_filter = ["kind", "status", "created_at"]
    search_fields = ["subject_title", "requested_by__name"]
    list_per_page = 50
    actions = None
    change_list_template = "admin/analytics/run/list.html"

    def can_view(self, user: Any, record: Any) -> bool:
        if record is None:
            return permissions.can_read_analytics(user)
        return permissions.can_see_run(user, record)

    def can_add(self, user: Any) -> bool:
        return permissions.can_request_runs(user)

    def can_change(self, user: Any, record: Any) -> bool:
        return False

    def can_delete(self, user: Any, record: Any) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).for_lists()  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("run"), ordering="subject_title")
    def title_column(self, run: Run) -> str:
        return run.title

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def status_badge(self, run: Run) -> str:
        return badge(run)

    def get_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path(
                "methods/",
                wrap(require_GET(self.methods_view)),
                name="analytics_run_methods",
            ),
            path(
                "<int:run_id>/repeat/",
                wrap(require_POST(self.repeat_view)),
                name="analytics_run_repeat",
            ),
            path(
                "<int:run_id>/cancel/",
                wrap(require_POST(self.cancel_view)),
                name="analytics_run_cancel",
            ),
            path(
                "<int:run_id>/compare/<int:other_id>/",
                wrap(require_GET(self.compare_view)),
                name="analytics_run_compare",
            ),
            path(
                "<int:run_id>/run.json",
                wrap(require_GET(self.json_view)),
                name="analytics_run_json",
            ),
            path(
                "<int:run_id>/figures.csv",
                wrap(require_GET(self.csv_view)),
                name="analytics_run_csv",
            ),
            path(
                "<int:run_id>/rows.csv",
                wrap(require_GET(self.rows_view)),
                name="analytics_run_rows",
            ),
            *super().get_urls(),
        ]

    # --- Pages ----------------------------------------------------------------------------------
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"has_any_run": self.get_queryset(request).exists()}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "GET":
            raise PermissionDenied
        run = self._find(request, int(object_id))
        page = request.GET.get("rows", "1")
        context = run_page.build(run=run, user=colleague(request), page=page)
        return self._render(request, "page", run.title, {"original": run, **context})

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Choose a kind, then say what is to be calculated."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        kind = request.GET.get("kind", "")
        form_class = RUN_FORMS.get(kind)
        if form_class is None:
            return self._render(request, "choose", _("New run"), {"kinds": RUN_FORMS})
        form = form_class(
            request.POST or None,
            user=colleague(request),
            initial={"request_key": str(uuid.uuid4())},
        )
        if request.method == "POST" and form.is_valid():
            run = enqueue.start_run(
                kind=kind,
                requested_by=colleague(request),
                parameters=form.to_parameters(),
                title=form.cleaned_data["name"],
                request_key=form.cleaned_data["request_key"],
            )
            return _go_to(run)
        return self._render(request, "new", str(form_class.title), {"form": form, "kind": kind})

    def compare_view(self, request: HttpRequest, run_id: int, other_id: int) -> HttpResponse:
        after, before = self._find(request, run_id), self._find(request, other_id)
        if before.kind != after.kind:
            raise PermissionDenied
        context = run_page.build_comparison(before=before, after=after)
        return self._render(request, "compare", _("Comparison of two runs"), context)

    def methods_view(self, request: HttpRequest) -> HttpResponse:
        """How every figure is made: the document that the estimators are tested against."""
        if not permissions.can_read_analytics(request.user):
            raise PermissionDenied
        context = {"document": read_methods(), "summary": read_summary(get_language() or "")}
        return self._render(request, "methods", _("Methods"), context)

    # --- Actions --------------------------------------------------------------------------------
    def repeat_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._find(request, run_id)
        try:
            repeated = enqueue.start_repetition(
                run=run,
                user=colleague(request),
                with_new_data=request.POST.get("data") == "new",
                request_key=request.POST.get("request_key", "")[:100],
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return _go_to(run)
        return _go_to(repeated)

    def cancel_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._find(request, run_id)
        try:
            if runs.cancel_run(run=run, user=colleague(request)):
                messages.success(request, _("The run is cancelled."))
            else:
                messages.info(request, _("The run was over already."))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return _go_to(run)

    # --- Exports --------------------------------------------------------------------------------
    def json_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        return export.as_json(self._find(request, run_id))

    def csv_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        return export.figures_as_csv(self._find(request, run_id))

    def rows_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        return export.rows_as_csv(self._find(request, run_id))

    # --- Parts ----------------------------------------------------------------------------------
    def _find(self, request: HttpRequest, run_id: int) -> Run:
        """A run the user may see. Others do not exist for them."""
        visible = Run.objects.visible_to(request.user)
        return get_object_or_404(visible.select_related("requested_by", "predecessor"), pk=run_id)

    def _render(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> TemplateResponse:
        return TemplateResponse(
            request,
            f"admin/analytics/run/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                **context,
            },
        )


def badge(run: Run) -> str:
    return format_html(
        '<span class="badge badge-{}">{}</span>',
        BADGES[Run.Status(run.status)],
        run.get_status_display(),
    )


def _go_to(run: Run) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:analytics_run_change", args=[run.pk]))
