"""The frame's own pages: home, and the answer to a form without its token."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.selectors import organisation
from meetings.models import Meeting
from meetings.selectors import appointments

MOST_CARDS = 6

logger = logging.getLogger(__name__)


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    context = {
        "own_meetings": find_own_meetings(request)[:MOST_CARDS],
        "is_setup_pending": not organisation.has_administrator(),
        "open_meetings": appointments.listed_meetings()[:MOST_CARDS],
    }
    return render(request, "home.html", context)


def find_own_meetings(request: HttpRequest) -> list[Meeting]:
    """What the signed-in person runs or is registered for and is not over, soonest first."""
    now = timezone.now()
    registered = [
        registration.meeting
        for registration in appointments.registrations_of_account(user=request.user)
        if registration.meeting.ends_at > now and not registration.meeting.is_over
    ]
    own = {
        meeting.pk: meeting
        for meeting in [*appointments.hosted_meetings(user=request.user), *registered]
    }
    return sorted(own.values(), key=lambda meeting: (meeting.starts_at, meeting.pk))


def refuse_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Says in plain words what happened; the technical reason goes to the log, not to the page."""
    logger.warning("Form refused on %s: %s", request.path, reason)
    return render(request, "403_csrf.html", status=403)
