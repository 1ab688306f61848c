"""Whose socket this is, when it opens and again while it lives."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from meetings.models import Meeting, Seat
from meetings.permissions import can_host, can_see_page
from meetings.room_protocol import CLOSE_NO_SEAT, CLOSE_UNKNOWN_MEETING
from meetings.services.access import resolve_seat


class NoSeat(Exception):
    """The socket has no place here; `close_code` says as much as its caller may know."""

    def __init__(self, close_code: int) -> None:
        super().__init__(str(close_code))
        self.close_code = close_code


@dataclass(frozen=True)
class Caller:
    """The person behind a socket, by what the server knows and never by what the page says."""

    meeting: Meeting
    seat: Seat
    language: str
    link_version: int | None


def identify(*, scope: Mapping[str, Any], public_id: UUID) -> Caller:
    """Raises NoSeat; a meeting one may not know of answers like one that does not exist."""
    meeting = Meeting.objects.select_related("host").filter(public_id=public_id).first()
    if meeting is None:
        raise NoSeat(CLOSE_UNKNOWN_MEETING)
    seat = resolve_seat(request_or_scope=scope, meeting=meeting)
    if seat is None:
        user = scope.get("user") or AnonymousUser()
        raise NoSeat(CLOSE_NO_SEAT if can_see_page(user, meeting) else CLOSE_UNKNOWN_MEETING)
    registration = seat.registration
    return Caller(
        meeting=meeting,
        seat=seat,
        language=_language(scope, seat),
        link_version=registration.link_version if registration else None,
    )


def is_still_host(*, session_key: str, seat: Seat) -> bool:
    """Whether the session is still signed in as the seat's user, who still runs the room."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request = cast("HttpRequest", SimpleNamespace(session=store(session_key=session_key)))
    user = get_user(request)
    meeting = Meeting.objects.get(pk=seat.meeting_id)  # its host may be another one by now
    return user.pk == seat.user_id and can_host(user, meeting)


def _language(scope: Mapping[str, Any], seat: Seat) -> str:
    """A language chosen on this device wins over the one kept with the person."""
    chosen = scope.get("cookies", {}).get(settings.LANGUAGE_COOKIE_NAME, "")
    person = seat.registration or seat.user
    kept = getattr(person, "language", "")
    known = dict(settings.LANGUAGES)
    return next((code for code in (chosen, kept) if code in known), settings.LANGUAGE_CODE)
