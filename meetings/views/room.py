"""The page of the live room. What happens in it is the socket's business, not this view's."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meetings.models import Meeting, Seat
from meetings.models.choices import SeatRole
from meetings.permissions import can_join
from meetings.selectors.appointments import meeting_by_public_id
from meetings.selectors.recording import card
from meetings.services.access import resolve_seat
from meetings.views.entrance import may_read


@never_cache
@require_safe
def show_room(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Pre-join and room for who has a seat; the way forward for everybody else."""
    meeting = meeting_by_public_id(public_id)
    seat = resolve_seat(request_or_scope=request, meeting=meeting) if meeting else None
    if meeting is None or seat is None:
        return _show_way_in(request, meeting)
    if not can_join(seat, meeting):
        context = {"meeting": meeting, "seat": seat}
        return render(request, "meetings/room_closed.html", context, status=403)
    return render(request, "meetings/room.html", _room_context(meeting, seat))


def _show_way_in(request: HttpRequest, meeting: Meeting | None) -> HttpResponse:
    """Who may not know of a meeting reads the same as where there is none."""
    if meeting is None or not may_read(request, meeting):
        nothing: dict[str, Any] = {"meeting": None, "room_path": request.path}
        return render(request, "meetings/room_no_seat.html", nothing, status=404)
    if meeting.is_over:
        return render(request, "meetings/room_closed.html", {"meeting": meeting}, status=403)
    context = {"meeting": meeting, "room_path": request.path}
    return render(request, "meetings/room_no_seat.html", context, status=403)


def _room_context(meeting: Meeting, seat: Seat) -> dict[str, Any]:
    return {
        "meeting": meeting,
        "seat": seat,
        "may_publish": seat.role != SeatRole.ATTENDEE,
        "recording": card(meeting),
        "room_config": {
            "socketPath": f"/ws/meetings/{meeting.public_id}/",
            "leftUrl": reverse("meetings:left", args=[meeting.public_id]),
            "meetingUrl": reverse("meetings:detail", args=[meeting.public_id]),
            "mayPublish": seat.role != SeatRole.ATTENDEE,
            "isHost": seat.is_host,
        },
    }
