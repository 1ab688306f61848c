"""Attendance spans and signs of life: who is in the room, and since when.

A socket that breaks may come back within GRACE without a trace. A process that died says nothing;
its sockets are noticed by their silence. In both cases the span ends with the last sign of life.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from meetings.models import LiveSeat, Meeting, PresenceInterval, Seat
from meetings.models.choices import SeatState
from meetings.selectors import room as room_selectors
from meetings.services import fanout
from meetings.services.room_sequence import advance, lock_meeting

HEARTBEAT_S: Final = 15.0
GRACE: Final = timedelta(seconds=15)
SILENCE: Final = timedelta(seconds=40)


@dataclass(frozen=True)
class Departure:
    """Who went, by the names the relay knows."""

    room: str
    participant: str


def begin(*, seat: Seat, now: datetime, is_rehearsal: bool, is_replacing: bool) -> None:
    """The seat is in the room: its span goes on, or a new one starts. Inside a transaction."""
    if is_replacing:
        _close_spans(seat, now, "replaced")
    going_on = PresenceInterval.objects.filter(seat=seat, left_at=None)
    if not going_on.update(seen_at=now):
        PresenceInterval.objects.create(
            seat=seat, joined_at=now, seen_at=now, is_rehearsal=is_rehearsal
        )


def end(*, live: LiveSeat, meeting: Meeting, at: datetime, reason: str) -> None:
    """The seat is out of the room and everybody is told. Inside a transaction."""
    _close_spans(live.seat, at, reason)
    was_present = live.is_present
    live.connection, live.is_present, live.sources, live.held_sources = "", False, [], []
    live.seen_at = at
    if was_present:
        live.changed_sequence = advance(meeting)
        fanout.announce_seat(meeting, room_selectors.left(live))
    live.save()


def end_all(*, meeting: Meeting, at: datetime) -> None:
    """The room is empty: the meeting ended. Nobody is left to be told. Inside a transaction."""
    spans = PresenceInterval.objects.filter(seat__meeting=meeting, left_at=None)
    _close(spans, at, "ended")
    LiveSeat.objects.filter(seat__meeting=meeting).update(
        connection="", is_present=False, sources=[], held_sources=[]
    )


def start_counting(*, meeting: Meeting, now: datetime) -> None:
    """The meeting goes live: rehearsal ends here for those who are in. Inside a transaction."""
    rehearsing = PresenceInterval.objects.filter(seat__meeting=meeting, left_at=None)
    seats = list(rehearsing.values_list("seat_id", flat=True))
    _close(rehearsing, now, "went_live")
    PresenceInterval.objects.bulk_create(
        PresenceInterval(seat_id=seat_id, joined_at=now, seen_at=now) for seat_id in seats
    )


def touch(*, connections: Collection[str]) -> None:
    """The sockets of a process are alive."""
    now = timezone.now()
    rows = LiveSeat.objects.filter(connection__in=connections)
    with transaction.atomic():
        rows.update(seen_at=now)
        seats = rows.values("seat_id")
        PresenceInterval.objects.filter(seat__in=seats, left_at=None).update(seen_at=now)


def vanish(*, connection: str) -> None:
    """The socket is gone without a goodbye; the seat keeps its place for GRACE."""
    owner = Seat.objects.filter(live__connection=connection).first()
    if owner is None:
        return
    with transaction.atomic():
        meeting = lock_meeting(owner.meeting_id)
        live = LiveSeat.objects.select_related("seat").get(seat=owner)
        if live.connection != connection:
            return
        live.connection, live.seen_at = "", timezone.now()
        if live.is_present:
            live.changed_sequence = advance(meeting)
            fanout.announce_seat(meeting, room_selectors.updated(live))
        else:
            fanout.announce_lobby(meeting)
        live.save()


def sweep(*, now: datetime) -> list[Departure]:
    """Closes what nobody came back to. Harmless when several processes do it at once."""
    is_gone = Q(connection="", seen_at__lt=now - GRACE, is_present=True)
    is_silent = Q(seen_at__lt=now - SILENCE) & (Q(is_present=True) | ~Q(connection=""))
    candidates = LiveSeat.objects.filter(is_gone | is_silent).select_related("seat")
    departures = []
    for seat in [live.seat for live in candidates]:
        with transaction.atomic():
            meeting = lock_meeting(seat.meeting_id)
            live = LiveSeat.objects.select_related("seat").filter(is_gone | is_silent, seat=seat)
            found = live.first()
            if found is None:
                continue
            _sweep_one(found, meeting)
        departures.append(Departure(str(meeting.public_id), str(seat.public_id)))
    return departures


def _sweep_one(live: LiveSeat, meeting: Meeting) -> None:
    end(live=live, meeting=meeting, at=live.seen_at, reason="lost")
    if live.seat.state == SeatState.WAITING:
        fanout.announce_lobby(meeting)


def _close_spans(seat: Seat, at: datetime, reason: str) -> None:
    _close(PresenceInterval.objects.filter(seat=seat, left_at=None), at, reason)


def _close(spans: QuerySet[PresenceInterval], at: datetime, reason: str) -> None:
    # A clock that was set back must not make a span end before it began.
    spans.filter(joined_at__gt=at).update(joined_at=at)
    spans.update(left_at=at, seen_at=at, reason=reason)
