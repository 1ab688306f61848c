"""The meeting's own pages in the administration: invite, move, cancel, close, take the report."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from crm.selectors.contacts import filtered_contacts, is_narrowing
from crm.services.errors import Refusal
from meetings.file_response import serve_file
from meetings.forms.inviting import InviteForm
from meetings.forms.planning import CancelForm, RescheduleForm
from meetings.models import Meeting
from meetings.models.choices import MeetingState
from meetings.permissions import (
    can_change,
    can_close,
    can_export,
    can_invite,
    can_plan,
    can_take_recordings,
)
from meetings.selectors.attendance import attendance_rows
from meetings.selectors.recording import stored_track
from meetings.services import closing, invitations, planning, recording
from meetings.services.attendance_file import build_csv

EVERYBODY = "all=1"
"""The contact list's own word for all of it."""

if TYPE_CHECKING:
    _Base = admin.ModelAdmin
else:
    _Base = object


class MeetingPages(_Base):
    """Mixin of MeetingAdmin: each page finds its meeting among the visible ones, then asks
    permissions.py, then makes one service call."""

    def page_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("invite/", wrap(self.invite_view), name="meetings_meeting_invite_filter"),
            path(
                "by-public-id/<uuid:public_id>/",
                wrap(self.by_public_id_view),
                name="meetings_meeting_by_public_id",
            ),
            path(
                "<int:pk>/reschedule/",
                wrap(self.reschedule_view),
                name="meetings_meeting_reschedule",
            ),
            path("<int:pk>/cancel/", wrap(self.cancel_view), name="meetings_meeting_cancel"),
            path(
                "<int:pk>/close/",
                wrap(require_POST(self.close_view)),
                name="meetings_meeting_close",
            ),
            path(
                "<int:pk>/attendance.csv",
                wrap(require_GET(self.attendance_view)),
                name="meetings_meeting_attendance",
            ),
            path(
                "<int:pk>/recordings/<uuid:track_id>/",
                wrap(require_safe(self.recording_view)),
                name="meetings_meeting_recording",
            ),
        ]

    def _find(self, request: HttpRequest, pk: int, may: Callable[[Any, Meeting], bool]) -> Meeting:
        """The visible meeting, or Http404; PermissionDenied when one sees it but may not."""
        meeting = self.get_queryset(request).filter(pk=pk).first()
        if meeting is None:
            raise Http404
        if not may(request.user, meeting):
            raise PermissionDenied
        return meeting

    def _back(self, meeting: Meeting) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:meetings_meeting_change", args=[meeting.pk]))

    def _page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> TemplateResponse:
        values = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "media": self.media,
            **context,
        }
        return TemplateResponse(request, f"admin/meetings/meeting/{template}", values)

    def by_public_id_view(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        meeting = self.get_queryset(request).filter(public_id=public_id).first()
        if meeting is None:
            raise Http404
        return self._back(meeting)

    # --- Moving and cancelling ------------------------------------------------------------------
    def reschedule_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self._find(request, pk, can_change)
        form = RescheduleForm(request.POST or None, initial=_times_of(meeting))
        if form.is_valid() and form.times is not None:
            start, end = form.times
            try:
                planning.reschedule(
                    meeting=meeting,
                    starts_at=start,
                    ends_at=end,
                    time_zone=form.cleaned_data["time_zone"],
                    changed_by=_staff(request),
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("The meeting is moved; who registered gets a mail."))
                return self._back(meeting)
        count = meeting.registrations.standing().count()
        context = {"meeting": meeting, "form": form, "registered_count": count}
        return self._page(request, "reschedule.html", _("Move the meeting"), context)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self._find(request, pk, can_change)
        form = CancelForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                planning.cancel(
                    meeting=meeting,
                    cancelled_by=_staff(request),
                    reason=form.cleaned_data["reason"],
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request, _("The meeting is cancelled; who registered gets a mail.")
                )
                return self._back(meeting)
        count = meeting.registrations.standing().count()
        context = {"meeting": meeting, "form": form, "registered_count": count}
        return self._page(request, "cancel.html", _("Cancel the meeting"), context)

    # --- After the meeting ----------------------------------------------------------------------
    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self._find(request, pk, can_close)
        try:
            closing.close_meeting(meeting=meeting, closed_by=_staff(request))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("The meeting is closed; attendance stands on the contacts' timelines.")
            )
        return self._back(meeting)

    @staticmethod
    def is_closable(meeting: Meeting) -> bool:
        """Whether there is something to close: begun, and not closed yet."""
        if meeting.state == MeetingState.PLANNED:
            return meeting.starts_at <= timezone.now()
        return meeting.state in {MeetingState.LIVE, MeetingState.ENDED}

    def attendance_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self._find(request, pk, can_export)
        response = HttpResponse(
            build_csv(rows=attendance_rows(meeting=meeting)),
            content_type="text/csv; charset=utf-8",
        )
        response["Content-Disposition"] = (
            f'attachment; filename="attendance-{meeting.local_start:%Y-%m-%d}.csv"'
        )
        self.log_change(request, meeting, [{"changed": {"fields": ["attendance.csv"]}}])
        return response

    def recording_view(self, request: HttpRequest, pk: int, track_id: UUID) -> HttpResponseBase:
        """One file, or the range of it that is asked for; the right is looked up each time."""
        meeting = self._find(request, pk, can_take_recordings)
        track = stored_track(meeting, track_id)
        if track is None or not track.file.name:
            raise Http404
        response = serve_file(
            request,
            name=track.file.name,
            size=track.size_bytes,
            etag=track.sha256,
            filename=track.filename,
            media_type=track.media_type,
        )
        if request.method == "GET" and response.status_code < 400:
            is_beginning = response.get("Content-Range", "bytes 0-").startswith("bytes 0-")
            recording.note_access(track=track, user=_staff(request), is_beginning=is_beginning)
        return response

    # --- Inviting -------------------------------------------------------------------------------
    def invite_view(self, request: HttpRequest) -> HttpResponse:
        """Three steps on one page: whom, the counts of that choice, the button that sends.

        No filter is no choice, and neither is the order of a list: nobody is written to because
        nothing was said.
        """
        if not can_plan(request.user):
            raise PermissionDenied
        is_sending = request.method == "POST"
        form = InviteForm(
            request.POST if is_sending else _choice_in(request),
            initial={"filter": request.GET.get("filter", "")},
            user=request.user,
        )
        meeting = form.cleaned_data["meeting"] if form.is_valid() else None
        if meeting is not None and not can_invite(request.user, meeting):
            raise PermissionDenied
        if meeting is not None and is_sending and _says_whom(form.cleaned_data["filter"]):
            return self._send_invitations(request, meeting, form)
        return self._show_invite(request, meeting, form)

    def _send_invitations(
        self, request: HttpRequest, meeting: Meeting, form: InviteForm
    ) -> HttpResponse:
        user = _staff(request)
        try:
            mailing = invitations.invite(
                meeting=meeting,
                contacts=filtered_contacts(user, form.cleaned_data["filter"]),
                message=form.cleaned_data["message"],
                invited_by=user,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            return self._show_invite(request, meeting, form)
        messages.success(request, _("The invitations are on their way to the outbox."))
        return HttpResponseRedirect(reverse("admin:crm_mailing_change", args=[mailing.pk]))

    def _show_invite(
        self, request: HttpRequest, meeting: Meeting | None, form: InviteForm
    ) -> HttpResponse:
        filter_text = (form.data if form.is_bound else request.GET).get("filter", "")
        user = _staff(request)
        context: dict[str, Any] = {
            "form": form,
            "meeting": meeting,
            "contact_list": f"{reverse('admin:crm_contact_changelist')}?{filter_text}",
            "is_everybody": filter_text == EVERYBODY,
        }
        if not _says_whom(filter_text):
            context["choices"] = _offer_choices(user, meeting)
            return self._page(request, "invite.html", _("Invite to a meeting"), context)
        contacts = filtered_contacts(user, filter_text)
        context["contact_count"] = contacts.count()
        if meeting is not None:
            context["preview"] = invitations.preview(meeting=meeting, contacts=contacts)
            context["free_seats"] = meeting.count_free_seats()
        return self._page(request, "invite.html", _("Invite to a meeting"), context)


def _says_whom(filter_text: str) -> bool:
    return filter_text == EVERYBODY or is_narrowing(filter_text)


def _offer_choices(user: Any, meeting: Meeting | None) -> list[dict[str, Any]]:
    """Whom one may want to invite, each with its filter and how many people it is today."""
    offered = [
        (_("My contacts"), "whose=own"),
        (_("My team's"), "whose=team"),
        (_("Everybody whom you see"), EVERYBODY),
    ]
    if meeting is not None and meeting.market is not None:
        label = _("The market of the meeting: %(market)s") % {"market": meeting.market}
        offered.insert(0, (label, f"market__id__exact={meeting.market.pk}"))
    counted = [
        (label, text, filtered_contacts(user, text).order_by().count()) for label, text in offered
    ]
    return [
        {"label": label, "filter": text, "count": count} for label, text, count in counted if count
    ]


def _choice_in(request: HttpRequest) -> Any:
    """The address's fields once a meeting was chosen; a list's filter alone is no answer yet."""
    return request.GET if "meeting" in request.GET else None


def _times_of(meeting: Meeting) -> dict[str, Any]:
    return {
        "time_zone": meeting.time_zone,
        "start": meeting.local_start.replace(tzinfo=None),
        "end": meeting.local_end.replace(tzinfo=None),
    }


def _staff(request: HttpRequest) -> Any:
    """The signed-in colleague; the admin lets nobody else in."""
    return request.user
