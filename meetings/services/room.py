"""Entering the live room, leaving it, and one's own switches in it."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from meetings.models import LiveSeat, Meeting, Seat
from meetings.models.choices import MeetingState, RecordingPolicy, SeatRole, SeatState
from meetings.models.meeting import ROOM_OPENS_BEFORE
from meetings.permissions import can_join, can_take_place
from meetings.selectors import room as room_selectors
from meetings.services import fanout, presence, recording
from meetings.services.room_refusals import NotInRoom, RoomClosed, SeatRemoved
from meetings.services.room_sequence import advance, lock_meeting


def enter(*, seat: Seat, connection: str, is_fresh: bool) -> Seat:
    """The seat speaks through `connection` from now on: at the door or in the room.

    Another connection that spoke for it is told that it was replaced. `is_fresh` is false for a
    page that only lost its socket: its switches still stand. Gives the seat as it is now; raises
    RoomClosed or SeatRemoved.
    """
    now = timezone.now()
    with transaction.atomic():
        meeting = lock_meeting(seat.meeting_id)
        current: Seat = Seat.objects.select_related("registration", "user").get(pk=seat.pk)
        current.meeting = meeting
        _refuse_closed_door(current, meeting)
        live, _is_new = LiveSeat.objects.get_or_create(seat=current)
        is_replacing = live.connection not in {"", connection}
        if is_replacing:
            fanout.tell_seat(current, "replaced", connection=connection)
        live.seat, live.connection, live.seen_at = current, connection, now
        if can_take_place(current, meeting):
            _take_place(live, meeting, now, is_fresh=is_fresh, is_replacing=is_replacing)
        else:
            live.save()
            fanout.announce_lobby(meeting)
    return current


def leave(*, seat: Seat, connection: str) -> None:
    """The person goes. A socket that speaks for the seat no more changes nothing."""
    with transaction.atomic():
        meeting = lock_meeting(seat.meeting_id)
        live = LiveSeat.objects.select_related("seat").filter(seat=seat).first()
        if live is None or live.connection != connection:
            return
        presence.end(live=live, meeting=meeting, at=timezone.now(), reason="left")
        if live.seat.state == SeatState.WAITING:
            fanout.announce_lobby(meeting)


def set_source(*, seat: Seat, source: str, enabled: bool) -> bool:
    """The person switched a source on or off. Says whether a host had held it until now."""
    with transaction.atomic():
        meeting = lock_meeting(seat.meeting_id)
        live = LiveSeat.objects.select_related("seat").filter(seat=seat, is_present=True).first()
        if live is None:
            raise NotInRoom
        was_held = enabled and source in live.held_sources
        if was_held:
            live.held_sources = [held for held in live.held_sources if held != source]
        if enabled == (source in live.sources):
            if was_held:
                live.save(update_fields=["held_sources"])
            return was_held
        others = [other for other in live.sources if other != source]
        live.sources = sorted([*others, source]) if enabled else others
        live.changed_sequence = advance(meeting)
        live.save()
        fanout.announce_seat(meeting, room_selectors.updated(live))
    return was_held


def go_live_where_due(*, now: datetime) -> None:
    """Rooms that opened while a host was rehearsing in them. Harmless in several processes."""
    rehearsing = LiveSeat.objects.filter(
        is_present=True,
        seat__role__in=(SeatRole.HOST, SeatRole.CO_HOST),
        seat__meeting__state=MeetingState.PLANNED,
        seat__meeting__starts_at__lte=now + ROOM_OPENS_BEFORE,
    )
    for meeting_id in set(rehearsing.values_list("seat__meeting_id", flat=True)):
        with transaction.atomic():
            meeting = lock_meeting(meeting_id)
            if meeting.state == MeetingState.PLANNED and meeting.is_room_open:
                _go_live(meeting, now)


def _refuse_closed_door(seat: Seat, meeting: Meeting) -> None:
    if can_join(seat, meeting):
        return
    if meeting.is_over:
        raise RoomClosed
    raise SeatRemoved


def _take_place(
    live: LiveSeat, meeting: Meeting, now: datetime, *, is_fresh: bool, is_replacing: bool
) -> None:
    was_present = live.is_present
    if live.seat.is_host and meeting.state == MeetingState.PLANNED and meeting.is_room_open:
        _go_live(meeting, now)
    presence.begin(
        seat=live.seat, now=now, is_rehearsal=not meeting.is_live, is_replacing=is_replacing
    )
    if is_fresh or not was_present:
        live.sources, live.held_sources = [], []
    live.is_present, live.changed_sequence = True, advance(meeting)
    live.save()
    tell = room_selectors.updated if was_present else room_selectors.joined
    fanout.announce_seat(meeting, tell(live))


def _go_live(meeting: Meeting, now: datetime) -> None:
    """The room is open and one of those who run it is in: from here on attendance counts."""
    meeting.state, meeting.went_live_at = MeetingState.LIVE, now
    meeting.save(update_fields=["state", "went_live_at", "updated_at"])
    presence.start_counting(meeting=meeting, now=now)
    if meeting.recording_policy == RecordingPolicy.ALWAYS:
        recording.begin(meeting=meeting, by=None, now=now)
