"""The page after the room: goodbye, and one question."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crm.services.errors import Refusal
from meetings.forms.leaving import RatingForm
from meetings.models import Meeting, Seat
from meetings.selectors.appointments import seat_was_here
from meetings.services import ratings
from meetings.services.access import resolve_seat
from meetings.views.entrance import find_page_meeting


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def say_goodbye(request: HttpRequest, public_id: UUID) -> HttpResponse:
    meeting = find_page_meeting(request, public_id)
    seat = resolve_seat(request_or_scope=request, meeting=meeting)
    if request.method == "POST":
        return _rate(request, meeting, seat)
    rated = seat.closing_rating if seat else None
    return _show(request, meeting, seat, RatingForm(initial={"rating": rated}))


def _rate(request: HttpRequest, meeting: Meeting, seat: Seat | None) -> HttpResponse:
    form = RatingForm(request.POST)
    if seat is None or not form.is_valid():
        return _show(request, meeting, seat, form, status=422 if seat else 403)
    try:
        ratings.rate(seat=seat, rating=form.cleaned_data["rating"])
    except Refusal as refusal:
        form.add_error("rating", str(refusal))
        return _show(request, meeting, seat, form, status=422)
    return redirect("meetings:left", public_id=meeting.public_id)


def _show(
    request: HttpRequest, meeting: Meeting, seat: Seat | None, form: RatingForm, status: int = 200
) -> HttpResponse:
    may_rate = seat is not None and seat.registration_id is not None and seat_was_here(seat=seat)
    context = {"meeting": meeting, "seat": seat, "form": form, "may_rate": may_rate}
    return render(request, "meetings/left.html", context, status=status)
