"""My meetings, and taking a registration back."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crm.services.errors import Refusal
from meetings.models import Registration
from meetings.permissions import can_change_registration
from meetings.selectors.appointments import hosted_meetings, registrations_of_account
from meetings.services import access, registration, verification


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def list_mine(request: HttpRequest) -> HttpResponse:
    """Meetings this browser or this account is registered for, and those one runs."""
    if request.method == "POST":
        return _open_with_account(request)
    by_cookie = access.registrations_from_cookies(cookies=request.COOKIES)
    held = {row.pk for row in by_cookie}
    by_account = registrations_of_account(user=request.user)
    entries = [(row, True) for row in by_cookie]
    entries += [(row, False) for row in by_account if row.pk not in held]
    entries.sort(key=lambda entry: entry[0].meeting.starts_at)
    now = timezone.now()
    context = {
        "coming": [entry for entry in entries if _is_to_come(entry[0], now)],
        "past": [entry for entry in reversed(entries) if not _is_to_come(entry[0], now)],
        "hosted": hosted_meetings(user=request.user),
    }
    return render(request, "meetings/mine.html", context)


def _is_to_come(row: Registration, now: datetime) -> bool:
    return not row.meeting.is_over and row.meeting.ends_at > now


def _open_with_account(request: HttpRequest) -> HttpResponse:
    """The account has proved its address already: no link is needed."""
    try:
        found = verification.verify_by_account(
            public_id=request.POST.get("registration", ""), user=request.user
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("meetings:mine")
    page = "meetings:room" if found.meeting.is_room_open else "meetings:detail"
    response = redirect(page, public_id=found.meeting.public_id)
    access.set_seat_cookie(response=response, registration=found)
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_registration(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = (
        Registration.objects.standing()
        .select_related("meeting", "contact_point")
        .filter(public_id=public_id)
        .first()
    )
    own = found and access.registration_from_cookies(cookies=request.COOKIES, meeting=found.meeting)
    if found is None or not can_change_registration(found, own):
        raise Http404(_("There is no such registration."))
    if request.method != "POST":
        context = {"registration": found, "meeting": found.meeting}
        return render(request, "meetings/cancel_registration.html", context)
    return _cancel(request, found)


def _cancel(request: HttpRequest, found: Registration) -> HttpResponse:
    meeting = found.meeting
    try:
        registration.cancel(registration=found)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("meetings:mine")
    response = render(request, "meetings/registration_cancelled.html", {"meeting": meeting})
    access.clear_seat_cookie(response=response, meeting=meeting)
    return response
