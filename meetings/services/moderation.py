"""What hosts do to others: let in, turn away, mute, remove, end.

Each checks the moderator's role in the transaction that acts. The relay is told by the caller and
by the socket of the seat concerned, whichever is there; both do the same thing.
"""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from meetings.models import LiveSeat, Meeting, Seat
from meetings.models.choices import MeetingState, SeatState
from meetings.room_permissions import may_moderate, permissions_of
from meetings.selectors import room as room_selectors
from meetings.services import fanout, presence, recording
from meetings.services.room_refusals import NotLive, NotPermitted, RoomClosed, UnknownSeat
from meetings.services.room_sequence import advance, lock_meeting


def admit(*, by: Seat, seat_id: UUID) -> None:
    """Lets a waiting seat in. Admitting somebody who is in already changes nothing."""
    with transaction.atomic():
        meeting = _lock_for(by, "admit")
        seat = _find(meeting, seat_id)
        if seat.state == SeatState.REMOVED:
            raise UnknownSeat
        if seat.state == SeatState.WAITING:
            seat.state, seat.admitted_at = SeatState.ADMITTED, timezone.now()
            seat.save(update_fields=["state", "admitted_at"])
            fanout.tell_seat(seat, "admitted")
            fanout.announce_lobby(meeting)


def deny(*, by: Seat, seat_id: UUID) -> None:
    """Turns a waiting seat away, for good. Somebody who is in already must be removed."""
    with transaction.atomic():
        meeting = _lock_for(by, "admit")
        seat = _find(meeting, seat_id)
        if seat.state != SeatState.WAITING:
            raise UnknownSeat
        _put_out(seat, meeting, "denied")
        fanout.announce_lobby(meeting)


def mute(*, by: Seat, seat_id: UUID, source: str) -> None:
    """Switches a source of another seat off until its person switches it on again."""
    with transaction.atomic():
        meeting = _lock_for(by, "mute")
        seat = _find_below(by, meeting, seat_id)
        live = LiveSeat.objects.select_related("seat").filter(seat=seat, is_present=True).first()
        if live is None:
            raise UnknownSeat
        live.held_sources = sorted({*live.held_sources, source})
        live.sources = [other for other in live.sources if other != source]
        live.changed_sequence = advance(meeting)
        live.save()
        fanout.announce_seat(meeting, room_selectors.updated(live))
        fanout.tell_seat(seat, "muted", source=source, by=str(by.public_id))


def remove(*, by: Seat, seat_id: UUID) -> None:
    """Puts a seat out and keeps it out."""
    with transaction.atomic():
        meeting = _lock_for(by, "remove")
        seat = _find_below(by, meeting, seat_id)
        if seat.state != SeatState.REMOVED:
            _put_out(seat, meeting, "removed")


def end_meeting(*, by: Seat) -> None:
    """Ends the meeting for everybody. Ending it twice is harmless; a rehearsal is only left."""
    now = timezone.now()
    with transaction.atomic():
        meeting = lock_meeting(by.meeting_id)
        _refuse_unless_permitted(by, "end")
        if meeting.is_over:
            return
        if not meeting.is_live:
            raise NotLive
        recording.end(meeting=meeting, now=now)
        presence.end_all(meeting=meeting, at=now)
        meeting.state, meeting.ended_at = MeetingState.ENDED, now
        meeting.save(update_fields=["state", "ended_at", "updated_at"])
        fanout.announce_end(meeting)


def _lock_for(by: Seat, permission: str) -> Meeting:
    meeting = lock_meeting(by.meeting_id)
    _refuse_unless_permitted(by, permission)
    if meeting.is_over:
        raise RoomClosed
    return meeting


def _refuse_unless_permitted(by: Seat, permission: str) -> None:
    by.refresh_from_db(fields=["role", "state"])
    if not by.is_admitted or permission not in permissions_of(by.role):
        raise NotPermitted


def _find(meeting: Meeting, seat_id: UUID) -> Seat:
    seat: Seat | None = Seat.objects.filter(meeting=meeting, public_id=seat_id).first()
    if seat is None:
        raise UnknownSeat
    return seat


def _find_below(by: Seat, meeting: Meeting, seat_id: UUID) -> Seat:
    seat = _find(meeting, seat_id)
    if seat.pk == by.pk or not may_moderate(by.role, seat.role):
        raise NotPermitted
    return seat


def _put_out(seat: Seat, meeting: Meeting, reason: str) -> None:
    now = timezone.now()
    seat.state, seat.removed_at = SeatState.REMOVED, now
    seat.save(update_fields=["state", "removed_at"])
    live = LiveSeat.objects.select_related("seat").filter(seat=seat).first()
    if live is not None:
        presence.end(live=live, meeting=meeting, at=now, reason=reason)
    fanout.tell_seat(seat, "removed")
