"""Scheduled reports: who gets what and when; and each report as it was mailed."""

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from analytics import charts, enqueue, permissions
from analytics.admin.colleagues import colleague
from analytics.models import ReportIssue, ReportSchedule
from analytics.services import report_mail, reports
from crm.admin.base import VisibleAdmin
from crm.selectors import choices
from crm.services.errors import Refusal

if TYPE_CHECKING:
    ScheduleModelAdmin = admin.ModelAdmin[ReportSchedule]
    IssueModelAdmin = admin.ModelAdmin[ReportIssue]
    ScheduleModelForm = forms.ModelForm[ReportSchedule]
else:
    ScheduleModelAdmin = IssueModelAdmin = admin.ModelAdmin
    ScheduleModelForm = forms.ModelForm

BADGES = {
    ReportIssue.State.CALCULATING: "accent",
    ReportIssue.State.MAILED: "good",
    ReportIssue.State.FAILED: "bad",
    ReportIssue.State.STOPPED: "warn",
}


class ScheduleForm(ScheduleModelForm):
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=lambda: [(name, name) for name in sorted(available_timezones())],
    )
    currency = forms.RegexField(
        label=gettext_lazy("Currency"),
        regex=r"^[A-Z]{3}$",
        error_messages={
            "invalid": gettext_lazy("Write the three capital letters of a currency, as in EUR.")
        },
    )

    class Meta:
        model = ReportSchedule
        fields = [
            "title",
            "recipients",
            "language",
            "frequency",
            "weekday",
            "month_day",
            "local_time",
            "time_zone",
            "is_active",
            "currency",
            "months",
        ]


@admin.register(ReportSchedule)
class ReportScheduleAdmin(VisibleAdmin, ScheduleModelAdmin):
    form = ScheduleForm
    list_display = ["title", "owner", "frequency", "next_run_at", "is_active"]
    list_filter = ["frequency", "is_active"]
    list_select_related = ["owner"]
    search_fields = ["title", "owner__name"]
    readonly_fields = ["owner", "next_run_at", "failures_in_a_row"]
    filter_horizontal = ["recipients"]
    change_form_template = "admin/analytics/reportschedule/form.html"
    fieldsets = [
        (None, {"fields": ["title", "owner", "recipients", "language"]}),
        (
            gettext_lazy("When"),
            {
                "fields": [
                    "frequency",
                    "weekday",
                    "month_day",
                    "local_time",
                    "time_zone",
                    "is_active",
                    "next_run_at",
                    "failures_in_a_row",
                ]
            },
        ),
        (gettext_lazy("What"), {"fields": ["currency", "months"]}),
    ]

    def can_view(self, user: Any, record: Any) -> bool:
        if record is None:
            return permissions.can_read_analytics(user)
        return permissions.can_see_schedule(user, record)

    def can_add(self, user: Any) -> bool:
        return permissions.can_request_runs(user)

    def can_change(self, user: Any, record: Any) -> bool:
        if record is None:
            return permissions.can_request_runs(user)
        return permissions.can_change_schedule(user, record)

    def can_delete(self, user: Any, record: Any) -> bool:
        return self.can_change(user, record)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "time_zone": colleague(request).time_zone,
            "recipients": [request.user.pk],
            "currency": choices.usual_currency(user=colleague(request)),
            **super().get_changeform_initial_data(request),
        }

    def save_model(
        self, request: HttpRequest, obj: ReportSchedule, form: Any, change: bool
    ) -> None:
        if not change:
            obj.owner = colleague(request)
        reports.save_schedule(schedule=obj, user=colleague(request))

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:schedule_id>/sample/",
                self.admin_site.admin_view(require_POST(self.sample_view)),
                name="analytics_reportschedule_sample",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        schedule = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if schedule is not None:
            context = {
                "issues": schedule.issues.select_related("run")[:10],
                "can_send_sample": permissions.can_change_schedule(request.user, schedule),
            }
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )

    def sample_view(self, request: HttpRequest, schedule_id: int) -> HttpResponse:
        """A report right now, to nobody but the person who asks."""
        visible = ReportSchedule.objects.visible_to(request.user)
        schedule = get_object_or_404(visible, pk=schedule_id)
        try:
            issue = enqueue.start_sample(schedule=schedule, user=colleague(request))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(
                reverse("admin:analytics_reportschedule_change", args=[schedule.pk])
            )
        messages.success(
            request,
            _("A sample is being calculated and will be mailed to %(address)s.")
            % {"address": colleague(request).email},
        )
        return HttpResponseRedirect(reverse("admin:analytics_reportissue_change", args=[issue.pk]))


@admin.register(ReportIssue)
class ReportIssueAdmin(VisibleAdmin, IssueModelAdmin):
    """Each report with what it said. Nothing here can be edited."""

    list_display = ["schedule", "period_column", "state_badge", "due_at", "mailed_at"]
    list_filter = ["state", "schedule"]
    list_select_related = ["schedule"]
    actions = None

    def can_view(self, user: Any, record: Any) -> bool:
        if record is None:
            return permissions.can_read_analytics(user)
        return permissions.can_see_schedule(user, record.schedule)

    def can_add(self, user: Any) -> bool:
        return False

    def can_change(self, user: Any, record: Any) -> bool:
        return False

    def can_delete(self, user: Any, record: Any) -> bool:
        return False

    @admin.display(description=gettext_lazy("period"), ordering="period")
    def period_column(self, issue: ReportIssue) -> str:
        return _("Sample") if issue.is_sample else issue.period

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_badge(self, issue: ReportIssue) -> str:
        return format_html(
            '<span class="badge badge-{}">{}</span>',
            BADGES[ReportIssue.State(issue.state)],
            issue.get_state_display(),
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "GET":
            raise PermissionDenied
        visible = ReportIssue.objects.visible_to(request.user)
        issue = get_object_or_404(visible.select_related("schedule__owner", "run"), pk=object_id)
        return TemplateResponse(
            request,
            "admin/analytics/reportissue/page.html",
            {
                **self.admin_site.each_context(request),
                **report_mail.build_context(issue),
                "opts": self.opts,
                "title": issue.schedule.title,
                "subtitle": self.period_column(issue),
                "is_preview": True,
                "is_waiting": issue.state == ReportIssue.State.CALCULATING,
                "state_badge": self.state_badge(issue),
                "charts": [{"drawing": drawing} for drawing in report_mail.draw_charts(issue)],
                "chart_themes": charts.THEMES,
            },
        )
