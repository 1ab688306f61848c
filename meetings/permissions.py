"""Who may do what with a meeting: predicates that views, consumers and the admin share."""

from __future__ import annotations

from typing import Any

from crm.querysets import is_active_staff
from meetings.models import Meeting, Registration, Seat
from meetings.models.choices import Visibility

Person = Any
"""A User, or AnonymousUser on pages that are open to strangers."""


PLANNING_ROLES = frozenset({"sales", "manager", "marketing", "admin"})


def can_plan(user: Person) -> bool:
    """Plan meetings of one's own: every role but the auditor, who only reads."""
    return is_active_staff(user) and bool(user.role_names & PLANNING_ROLES)


def can_view(user: Person, meeting: Meeting) -> bool:
    """See the meeting in the admin, with who registered and who came."""
    return is_active_staff(user) and Meeting.objects.visible_to(user).filter(pk=meeting.pk).exists()


def can_host(user: Person, meeting: Meeting) -> bool:
    """Run the room: the host, a co-host, or an administrator who steps in."""
    if not is_active_staff(user):
        return False
    if meeting.host_id == user.pk or "admin" in user.role_names:
        return True
    return meeting.co_hosts.filter(pk=user.pk).exists()


def can_change(user: Person, meeting: Meeting) -> bool:
    """Change, move or cancel the appointment: who may plan and sees it."""
    return can_plan(user) and can_view(user, meeting)


def can_invite(user: Person, meeting: Meeting) -> bool:
    """Send invitations to a meeting that is still to come."""
    return can_change(user, meeting) and not meeting.is_over


def can_close(user: Person, meeting: Meeting) -> bool:
    """Turn the meeting into customer knowledge: its hosts and who may change it."""
    return can_host(user, meeting) or can_change(user, meeting)


def can_see_report(user: Person, meeting: Meeting) -> bool:
    """Read who came, how long, and what they said of it."""
    return can_view(user, meeting)


def can_export(user: Person, meeting: Meeting) -> bool:
    """Take the attendance report along as a file."""
    return can_view(user, meeting)


def can_take_recordings(user: Person, meeting: Meeting) -> bool:
    """Download what was recorded: who runs the meeting, and a manager who sees it."""
    if can_host(user, meeting):
        return True
    return can_view(user, meeting) and "manager" in user.role_names


def can_see_recording_accesses(user: Person, meeting: Meeting) -> bool:
    """Read who took recordings along: whoever may take them, and the auditor."""
    if can_take_recordings(user, meeting):
        return True
    return can_view(user, meeting) and "auditor" in user.role_names


def can_see_page(user: Person, meeting: Meeting, *, is_invited: bool = False) -> bool:
    """Read the meeting's page: anyone, unless it is by invitation only."""
    if meeting.visibility != Visibility.INVITATION or is_invited:
        return True
    return can_view(user, meeting)


def can_join(seat: Seat | None, meeting: Meeting) -> bool:
    """Enter the room with this seat: it belongs to the meeting, was not removed, and the
    meeting is not over. The lobby decides later whether one is let in at once."""
    if seat is None or seat.meeting_id != meeting.pk:
        return False
    return not seat.is_removed and not meeting.is_over


def can_take_place(seat: Seat, meeting: Meeting) -> bool:
    """Be in the room now: let in, and not before it opens. Hosts may come earlier to rehearse."""
    return seat.is_admitted and (seat.is_host or meeting.is_room_open)


def can_change_registration(registration: Registration, own: Registration | None) -> bool:
    """Only the registered person cancels from the meeting pages."""
    return own is not None and own.pk == registration.pk
