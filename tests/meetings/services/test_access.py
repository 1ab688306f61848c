"""Whose seat it is: cookies of this meeting, sessions of hosts, and nothing else."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from crm.models import User
from meetings.models import Meeting, Seat
from meetings.services import access, tokens
from tests.factories.meetings import make_guest, make_meeting, make_registration

pytestmark = pytest.mark.django_db


def _resolve(meeting: Meeting, cookies: dict[str, str], user: Any = None) -> Seat | None:
    scope = {"cookies": cookies, "user": user or AnonymousUser()}
    request = RequestFactory().get("/")
    request.COOKIES, request.user = cookies, user or AnonymousUser()
    by_request = access.resolve_seat(request_or_scope=request, meeting=meeting)
    assert access.resolve_seat(request_or_scope=scope, meeting=meeting) == by_request
    return by_request


def _cookie_of(seat: Seat) -> dict[str, str]:
    assert seat.registration is not None
    return {access.cookie_name(seat.meeting): tokens.seat_cookie_value(seat.registration)}


def test_resolve_seat_by_cookie_gives_the_guests_own_seat() -> None:
    meeting = make_meeting()
    seat, _other = make_guest(meeting), make_guest(meeting)

    assert _resolve(meeting, _cookie_of(seat)) == seat


def test_resolve_seat_with_the_cookie_of_another_meeting_gives_none() -> None:
    seat, other = make_guest(make_meeting()), make_meeting()
    (value,) = _cookie_of(seat).values()

    assert _resolve(seat.meeting, _cookie_of(seat)) == seat
    assert _resolve(other, _cookie_of(seat)) is None
    assert _resolve(other, {access.cookie_name(other): value}) is None


@pytest.mark.parametrize("reason", ["forged", "revoked", "cancelled", "not verified", "link token"])
def test_resolve_seat_with_a_cookie_that_does_not_count_gives_none(reason: str) -> None:
    seat = make_guest(make_meeting())
    cookies = _cookie_of(seat)
    row = seat.registration
    assert row is not None
    name = access.cookie_name(seat.meeting)
    assert _resolve(seat.meeting, cookies) == seat
    if reason == "forged":
        cookies[name] = cookies[name][:-2] + "xx"
    elif reason == "revoked":
        row.link_version = 2
    elif reason == "cancelled":
        row.state, row.cancelled_at = "cancelled", timezone.now()
    elif reason == "not verified":
        row.verified_at = None
    else:
        cookies[name] = tokens.personal_token(row)
    row.save()

    assert _resolve(seat.meeting, cookies) is None


def test_resolve_seat_by_session_is_for_hosts_only(
    owner: User, teammate: User, stranger: User, manager: User, administrator: User, auditor: User
) -> None:
    meeting = make_meeting(owner)
    meeting.co_hosts.add(teammate)

    seats = {
        person: _resolve(meeting, {}, person)
        for person in (owner, teammate, stranger, manager, administrator, auditor)
    }

    roles = {person: seat.role if seat else None for person, seat in seats.items()}
    assert roles == {
        owner: "host",
        teammate: "co_host",
        administrator: "co_host",
        manager: None,
        stranger: None,
        auditor: None,
    }


def test_resolve_seat_of_a_host_twice_makes_one_seat_and_follows_a_handover(
    owner: User, teammate: User
) -> None:
    meeting = make_meeting(owner)
    first = _resolve(meeting, {}, owner)
    meeting.host = teammate
    meeting.save()
    meeting.co_hosts.add(owner)

    second = _resolve(meeting, {}, owner)

    assert first is not None
    assert second is not None
    assert (second.pk, second.role) == (first.pk, "co_host")


def test_resolve_seat_of_a_deactivated_host_gives_none(owner: User) -> None:
    meeting = make_meeting(owner)
    owner.is_active = False

    assert _resolve(meeting, {}, owner) is None


def test_set_seat_cookie_keeps_it_from_scripts_and_other_sites(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    row = make_registration()
    response = HttpResponse()

    access.set_seat_cookie(response=response, registration=row)

    cookie = response.cookies[access.cookie_name(row.meeting)]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"]) == (
        True,
        "Lax",
        True,
        "/",
    )
    assert tokens.read_personal_token(cookie.value) is None


def test_registrations_from_cookies_lists_valid_ones_only() -> None:
    seat, revoked = make_guest(make_meeting()), make_guest(make_meeting())
    cookies = {**_cookie_of(seat), **_cookie_of(revoked), "vmcrm_seat_x": "nonsense", "other": "1"}
    assert revoked.registration is not None
    revoked.registration.link_version = 2
    revoked.registration.save()

    assert access.registrations_from_cookies(cookies=cookies) == [seat.registration]
