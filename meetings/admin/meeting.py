"""Meetings: the list, the form with defaults of the kind, agenda and attendance report."""

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.admin.base import VisibleAdmin, VisibleTable
from crm.extensions import Panel
from meetings.admin.meeting_pages import MeetingPages
from meetings.extensions import MeetingOnPage, meeting_panels
from meetings.forms.planning import AgendaFormSet, MeetingForm, initial_for
from meetings.models import AgendaItem, ChatMessage, Meeting, RecordingAccess
from meetings.models.choices import MeetingKind, MeetingState
from meetings.permissions import (
    can_change,
    can_close,
    can_host,
    can_invite,
    can_plan,
    can_see_recording_accesses,
    can_take_recordings,
    can_view,
)
from meetings.selectors.attendance import attendance_rows, summarise, talk_shares
from meetings.selectors.chat import lines_of
from meetings.selectors.recording import accesses_of, recordings_of
from meetings.services import planning

_STATE_BADGES = {
    MeetingState.PLANNED: "badge-accent",
    MeetingState.LIVE: "badge-good",
    MeetingState.ENDED: "badge-warn",
    MeetingState.CLOSED: "badge-neutral",
    MeetingState.CANCELLED: "badge-bad",
}
_ACCESSES_PER_PAGE = 20
_LINES_PER_PAGE = 50
_WEIGHT_FIELDS = ("weight_attendance", "weight_interaction", "weight_satisfaction")
_KIND_ICONS = {
    MeetingKind.LAUNCH: "launch",
    MeetingKind.RESEARCH: "research",
    MeetingKind.PARTNER: "partner",
    MeetingKind.TRAINING: "training",
}


class AgendaInline(VisibleTable):
    model = AgendaItem
    formset = AgendaFormSet
    fields = ("position", "title", "duration_min", "speaker")

    def get_extra(self, request: HttpRequest, obj: Meeting | None = None, **kwargs: Any) -> int:
        return 0 if obj else max(3, len(_default_agenda(request)))


@admin.register(Meeting)
class MeetingAdmin(VisibleAdmin, MeetingPages, admin.ModelAdmin):
    form = MeetingForm
    inlines = (AgendaInline,)
    list_display = ("title", "kind", "when", "state_badge", "host", "registered", "attended")
    list_filter = ("state", "kind", ("host", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("host",)
    search_fields = ("title", "join_code")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-pk")
    autocomplete_fields = ("host", "co_hosts", "team", "campaign", "market")
    view_on_site = False  # "Public page" is among the buttons
    change_form_template = "admin/meetings/meeting/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meeting]:
        return super().get_queryset(request).with_counts()  # type: ignore[attr-defined]

    @admin.display(description=_("when"), ordering="starts_at")
    def when(self, meeting: Meeting) -> str:
        start = date_format(meeting.local_start, "SHORT_DATETIME_FORMAT")
        return f"{start} ({meeting.time_zone})"

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, meeting: Meeting) -> SafeString:
        css = _STATE_BADGES[MeetingState(meeting.state)]
        return format_html('<span class="badge {}">{}</span>', css, meeting.get_state_display())

    @admin.display(description=_("registered"), ordering="registered_count")
    def registered(self, meeting: Any) -> int:
        return int(meeting.registered_count)

    @admin.display(description=_("attended"), ordering="attended_count")
    def attended(self, meeting: Any) -> str:
        is_known = meeting.state == MeetingState.CLOSED
        return str(meeting.attended_count) if is_known else "–"

    # --- The form -------------------------------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: Meeting | None = None) -> Any:
        times = () if obj else ("time_zone", "start", "end")
        window: tuple[str, ...] = ("opens", "closes")
        weights: tuple[str, ...] = _WEIGHT_FIELDS
        if self._is_only_shown(request, obj):
            window = ("registration_opens_at", "registration_closes_at")
            weights = ("weights_text",)
        return (
            (None, {"fields": ("kind", "title", "description", "language", *times)}),
            (_("People"), {"fields": ("host", "co_hosts", "team", "capacity")}),
            (
                _("Entering"),
                {"fields": ("visibility", "has_lobby", "recording_policy", *window)},
            ),
            (
                _("Market and score"),
                {"classes": ("collapse",), "fields": ("campaign", "market", *weights)},
            ),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Meeting | None = None) -> Any:
        if self._is_only_shown(request, obj):
            return ("registration_opens_at", "registration_closes_at", "weights_text")
        return ()

    def _is_only_shown(self, request: HttpRequest, obj: Meeting | None) -> bool:
        return obj is not None and not self.can_change(request.user, obj)

    @admin.display(description=_("score weights"))
    def weights_text(self, meeting: Meeting) -> str:
        sentence = _(
            "attendance %(attendance)s, interaction %(interaction)s, satisfaction %(satisfaction)s"
        )
        return str(sentence) % meeting.weights

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        user: Any = request.user
        initial = initial_for(
            kind=_kind_asked_for(request) or MeetingKind.PARTNER,
            now=timezone.now(),
            zone_name=user.time_zone or "UTC",
        )
        people = {"host": user.pk, "team": user.team_id, "language": user.language}
        return {**initial, **people, **super().get_changeform_initial_data(request)}

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """The kind's agenda fills the new form. Not on POST: what is unchanged counts too."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if obj.pk is None and request.method == "GET" and isinstance(inline, AgendaInline):
            kwargs["initial"] = _default_agenda(request)
        return kwargs

    def save_model(self, request: HttpRequest, obj: Meeting, form: Any, change: bool) -> None:
        user: Any = request.user
        if change:
            planning.change_details(meeting=obj, changed_by=user)
        else:
            planning.plan(planned_by=user, meeting=obj, agenda=())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A kind's agenda may be longer than a short meeting of it: that is said, not refused."""
        super().save_related(request, form, formsets, change)
        meeting: Meeting = form.instance
        agenda_min = sum(meeting.agenda.values_list("duration_min", flat=True))
        if agenda_min > meeting.length_min:
            text = _("The agenda takes %(agenda)s minutes, the meeting only %(meeting)s.")
            minutes = {"agenda": agenda_min, "meeting": meeting.length_min}
            self.message_user(request, text % minutes, messages.WARNING)

    # --- Rights ---------------------------------------------------------------------------------
    def can_change(self, user: Any, record: Any) -> bool:
        if record is None:
            return can_plan(user)
        return can_change(user, record) and not record.is_over

    # --- Pages ----------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        return [*self.page_urls(), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """First the kind, because it decides what the form starts with."""
        if request.method == "GET" and _kind_asked_for(request) is None and can_plan(request.user):
            context = {
                **self.admin_site.each_context(request),
                "title": _("What kind of meeting?"),
                "opts": self.opts,
                "kinds": [(kind, _KIND_ICONS[kind]) for kind in MeetingKind],
            }
            return TemplateResponse(request, "admin/meetings/meeting/choose_kind.html", context)
        return super().add_view(request, form_url, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        meeting = self.get_object(request, object_id)
        context = self._page_context(request, meeting) if meeting else {}
        return super().change_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )

    def _page_context(self, request: HttpRequest, meeting: Meeting) -> dict[str, Any]:
        user = request.user
        if not can_view(user, meeting):
            return {}
        rows = attendance_rows(meeting=meeting)
        is_planned = meeting.can_be_changed
        sees_accesses = can_see_recording_accesses(user, meeting)
        return {
            "meeting": meeting,
            "attendance": rows,
            "attendance_summary": summarise(rows),
            "talk_shares": talk_shares(meeting=meeting),
            "chat": _chat(request, meeting),
            "panels": _panels(request, meeting),
            "recordings": recordings_of(meeting),
            "accesses": _accesses(request, meeting) if sees_accesses else None,
            "may": {
                "host": can_host(user, meeting) and not meeting.is_over,
                "invite": can_invite(user, meeting),
                "reschedule": can_change(user, meeting) and is_planned,
                "cancel": can_change(user, meeting) and is_planned,
                "take_recordings": can_take_recordings(user, meeting),
                "close": can_close(user, meeting) and self.is_closable(meeting),
            },
        }


def _accesses(request: HttpRequest, meeting: Meeting) -> Page[RecordingAccess]:
    """One page of them, however many there are; a number that is none shows the first."""
    paginator = Paginator(accesses_of(meeting), _ACCESSES_PER_PAGE)
    return paginator.get_page(request.GET.get("downloads"))


def _chat(request: HttpRequest, meeting: Meeting) -> Page[ChatMessage]:
    return Paginator(lines_of(meeting), _LINES_PER_PAGE).get_page(request.GET.get("chat"))


def _panels(request: HttpRequest, meeting: Meeting) -> list[Panel]:
    shown = MeetingOnPage(
        public_id=meeting.public_id,
        subject_ref=meeting.subject_ref,
        is_closed=meeting.state == MeetingState.CLOSED,
        is_cancelled=meeting.is_cancelled,
    )
    made = (make_panel(request, shown) for make_panel in meeting_panels)
    return [panel for panel in made if panel is not None]


def _kind_asked_for(request: HttpRequest) -> MeetingKind | None:
    asked = request.GET.get("kind", "")
    return MeetingKind(asked) if asked in MeetingKind.values else None


def _default_agenda(request: HttpRequest) -> list[dict[str, Any]]:
    points = planning.defaults_for(kind=_kind_asked_for(request) or MeetingKind.PARTNER).agenda
    return [
        {"position": position, "title": point.title, "duration_min": point.duration_min}
        for position, point in enumerate(points, start=1)
    ]
