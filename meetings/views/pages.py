"""The public list, a meeting's own page and its calendar entry."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.services.errors import Refusal
from meetings.models import Meeting
from meetings.permissions import can_host, can_view
from meetings.selectors.appointments import listed_meetings
from meetings.services import access
from meetings.services.calendar import Method, build_calendar
from meetings.services.registration import check_open
from meetings.views.entrance import find_page_meeting

LIST_MOST = 100


@require_safe
def list_meetings(request: HttpRequest) -> HttpResponse:
    return render(request, "meetings/list.html", {"meetings": listed_meetings()[:LIST_MOST]})


@require_safe
def show_meeting(request: HttpRequest, public_id: UUID) -> HttpResponse:
    meeting = find_page_meeting(request, public_id)
    own = access.registration_from_cookies(cookies=request.COOKIES, meeting=meeting)
    context = {
        "meeting": meeting,
        "agenda": meeting.agenda.all(),
        "own_registration": own,
        "is_host": can_host(request.user, meeting),
        "can_manage": can_view(request.user, meeting),
        "token": request.GET.get("token", ""),
        **registration_state(meeting),
    }
    return render(request, "meetings/detail.html", context)


def registration_state(meeting: Meeting) -> dict[str, Any]:
    """`registration_state` is "open" or the code of the refusal, `refusal` its sentence."""
    try:
        check_open(meeting=meeting)
    except Refusal as refusal:
        return {"registration_state": refusal.code, "refusal": refusal}
    return {"registration_state": "open", "refusal": None}


@require_safe
def download_calendar(request: HttpRequest, public_id: UUID) -> HttpResponse:
    meeting = find_page_meeting(request, public_id)
    method: Method = "CANCEL" if meeting.is_cancelled else "PUBLISH"
    response = HttpResponse(
        build_calendar(meeting=meeting, method=method),
        content_type=f"text/calendar; charset=utf-8; method={method}",
    )
    response["Content-Disposition"] = 'attachment; filename="meeting.ics"'
    return response
