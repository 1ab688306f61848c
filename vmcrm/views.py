"""The frame's own pages: home, and the answer to a form without its token."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")


def refuse_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Says in plain words what happened; the technical reason goes to the log, not to the page."""
    return render(request, "403_csrf.html", status=403)
