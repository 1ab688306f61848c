"""The personal link. GET shows a page and changes nothing, so that link scanners do no harm; the
button behind it proves the address, hands out the seat cookie and leads to a clean address."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crm.services.errors import Refusal
from meetings.models import Registration, Seat
from meetings.selectors.appointments import seat_was_here
from meetings.services import access, registration, verification
from meetings.services.refusals import SeatsGone


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_personal_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        response = _answer(request, token)
    except Refusal as refusal:
        response = render(request, "meetings/link_not_valid.html", {"refusal": refusal}, status=404)
    # The address is a secret: pages get the site's name at most. "no-referrer" would make browsers
    # send "Origin: null" with the form, which the check against forged requests refuses.
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    found = verification.find_by_token(token=token)
    if found.meeting.is_over:
        return _answer_after_end(request, found)
    if found.verified_at is None and _wants_cancel(request):
        return _take_back(request, found)
    try:
        if request.method == "POST":
            return _enter(request, verification.prove(registration=found))
        verification.check_seat(registration=found)
    except SeatsGone as refusal:
        context = {"refusal": refusal, "meeting": found.meeting}
        return render(request, "meetings/seats_gone.html", context, status=409)
    return _show(request, found)


def _wants_cancel(request: HttpRequest) -> bool:
    return "cancel" in {request.GET.get("then"), request.POST.get("then")}


def _take_back(request: HttpRequest, found: Registration) -> HttpResponse:
    """Saying no takes no seat and makes nobody known: a stranger may have typed the address."""
    context = {"registration": found, "meeting": found.meeting}
    if request.method != "POST":
        return render(request, "meetings/cancel_registration.html", context)
    registration.cancel(registration=found)
    return render(request, "meetings/registration_cancelled.html", context)


def _answer_after_end(request: HttpRequest, found: Registration) -> HttpResponse:
    """Thanks, and for who was there the way to the rating, with the cookie that lets them rate."""
    seat = Seat.objects.filter(registration=found).first()
    may_rate = not found.meeting.is_cancelled and seat is not None and seat_was_here(seat=seat)
    if request.method == "POST" and may_rate:
        response = redirect("meetings:left", public_id=found.meeting.public_id)
        access.set_seat_cookie(response=response, registration=found)
        return response
    context = {"meeting": found.meeting, "may_rate": may_rate}
    return render(request, "meetings/link_after_end.html", context)


def _show(request: HttpRequest, found: Registration) -> HttpResponse:
    context = {
        "registration": found,
        "meeting": found.meeting,
        "wants_cancel": _wants_cancel(request),
    }
    return render(request, "meetings/personal_link.html", context)


def _enter(request: HttpRequest, found: Registration) -> HttpResponseRedirect:
    response = redirect(_clean_address(request, found))
    access.set_seat_cookie(response=response, registration=found)
    return response


def _clean_address(request: HttpRequest, found: Registration) -> str:
    if request.POST.get("then") == "cancel":
        return reverse("meetings:cancel_registration", args=[found.public_id])
    name = "meetings:room" if found.meeting.is_room_open else "meetings:detail"
    return reverse(name, args=[found.meeting.public_id])
