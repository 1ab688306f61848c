"""Whose seat a request or a socket speaks for: by the seat cookie, or by the session of a host."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from meetings.models import Meeting, Registration, Seat
from meetings.models.choices import MeetingKind, SeatRole, SeatState
from meetings.permissions import can_host
from meetings.services import tokens

COOKIE_PREFIX = "vmcrm_seat"
COOKIE_LASTS_AFTER_END = timedelta(days=2)


def cookie_name(meeting: Meeting) -> str:
    """One cookie for each meeting, so that people keep several seats in one browser."""
    return f"{COOKIE_PREFIX}_{meeting.public_id.hex}"


def resolve_seat(
    *, request_or_scope: HttpRequest | Mapping[str, Any], meeting: Meeting
) -> Seat | None:
    """The seat the caller has in this meeting, or None.

    None means the same to the caller whether the cookie is missing, forged, revoked or of another
    meeting. A seat may be removed or waiting: ask `permissions.can_join` and its state.
    """
    cookies, user = _credentials(request_or_scope)
    if user is not None and can_host(user, meeting):
        return ensure_host_seat(meeting=meeting, user=user)
    registration = registration_from_cookies(cookies=cookies, meeting=meeting)
    if registration is None:
        return None
    return (
        Seat.objects.select_related("meeting", "registration")
        .filter(registration=registration)
        .first()
    )


def _credentials(source: HttpRequest | Mapping[str, Any]) -> tuple[Mapping[str, str], Any]:
    if isinstance(source, HttpRequest):
        return source.COOKIES, getattr(source, "user", None)
    return source.get("cookies", {}), source.get("user")


def registration_from_cookies(
    *, cookies: Mapping[str, str], meeting: Meeting
) -> Registration | None:
    """The standing, verified registration that the seat cookie of this meeting names."""
    claim = tokens.read_seat_cookie(cookies.get(cookie_name(meeting), ""))
    if claim is None:
        return None
    return (
        Registration.objects.standing()
        .select_related("meeting", "contact_point")
        .filter(
            meeting=meeting,
            public_id=claim.registration_id,
            link_version=claim.link_version,
            verified_at__isnull=False,
        )
        .first()
    )


def registrations_from_cookies(*, cookies: Mapping[str, str]) -> list[Registration]:
    """Every standing registration this browser holds a valid cookie of, soonest first."""
    claims = [
        claim
        for name, value in cookies.items()
        if name.startswith(f"{COOKIE_PREFIX}_") and (claim := tokens.read_seat_cookie(value))
    ]
    versions = {claim.registration_id: claim.link_version for claim in claims}
    found = (
        Registration.objects.standing()
        .select_related("meeting", "meeting__host")
        .filter(public_id__in=versions, verified_at__isnull=False)
        .order_by("meeting__starts_at")
    )
    return [row for row in found if versions[row.public_id] == row.link_version]


def set_seat_cookie(*, response: HttpResponse, registration: Registration) -> None:
    """Hand the browser its proof: unreadable to scripts, not sent from other sites' forms."""
    meeting = registration.meeting
    lasts_until = max(meeting.ends_at, timezone.now()) + COOKIE_LASTS_AFTER_END
    response.set_cookie(
        cookie_name(meeting),
        tokens.seat_cookie_value(registration),
        max_age=round((lasts_until - timezone.now()).total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def clear_seat_cookie(*, response: HttpResponse, meeting: Meeting) -> None:
    response.delete_cookie(cookie_name(meeting), samesite="Lax")


def ensure_host_seat(*, meeting: Meeting, user: Any) -> Seat:
    """The seat of somebody who runs the room; made at the first call, its role kept current."""
    role = SeatRole.HOST if meeting.host_id == user.pk else SeatRole.CO_HOST
    with transaction.atomic():
        seat, _is_new = Seat.objects.select_related("meeting", "user").get_or_create(
            meeting=meeting,
            user_id=user.pk,
            defaults={
                "role": role,
                "display_name": user.get_full_name() or user.email.partition("@")[0],
                "state": SeatState.ADMITTED,
                "admitted_at": timezone.now(),
            },
        )
        if seat.role != role:
            seat.role = role
            seat.save(update_fields=["role"])
    return seat


def ensure_guest_seat(*, registration: Registration) -> Seat:
    """The seat of a verified registration. A partner meeting puts everybody on stage."""
    meeting = registration.meeting
    is_on_stage = meeting.kind == MeetingKind.PARTNER
    with transaction.atomic():
        seat, _is_new = Seat.objects.get_or_create(
            registration=registration,
            defaults={
                "meeting": meeting,
                "role": SeatRole.PRESENTER if is_on_stage else SeatRole.ATTENDEE,
                "display_name": registration.name,
                "state": SeatState.WAITING if meeting.has_lobby else SeatState.ADMITTED,
                "admitted_at": None if meeting.has_lobby else timezone.now(),
            },
        )
    return seat
