"""Turning a finished meeting into customer knowledge. Closing twice gives the same rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Left
from django.utils import timezone

from crm.services import activities, scores
from meetings.models import ChatMessage, Meeting, PresenceInterval, Registration, Seat, TalkTime
from meetings.models.choices import MeetingState
from meetings.permissions import can_close
from meetings.services import fanout, presence, recording
from meetings.services.engagement import engagement_of, whole_minutes
from meetings.services.presence_spans import Span, attended_seconds
from meetings.services.refusals import NotAllowed, NotYetOver

if TYPE_CHECKING:
    from crm.models import User

# Late goodbyes and ratings arrive within minutes after the host ended the room.
CLOSES_AFTER_ENDING = timedelta(minutes=10)
# A room nobody ended: wait until it is empty, but not for ever.
CLOSES_AFTER_PLANNED_END = timedelta(minutes=30)
CLOSES_AT_THE_LATEST = timedelta(hours=6)
# Without a sign of life for this long an open interval belongs to a process that died.
STILL_HERE = timedelta(minutes=2)
# What somebody wrote stands on their timeline; who writes a novel is read at the meeting.
WORDS_LINES = 50
WORDS_LENGTH = 500


@dataclass(frozen=True)
class SeatFacts:
    """What one seat did in the meeting."""

    attended_s: int
    talked_s: int
    lines: Sequence[str]
    rating: int | None

    @property
    def words(self) -> list[str]:
        """What goes onto the timeline: the latest lines in the order in which they were said."""
        return list(self.lines[-WORDS_LINES:])


@dataclass(frozen=True)
class Fact:
    """One thing to be written about a registration, as `crm.services.activities` takes it."""

    kind: str
    quantity: int | None = None
    unit: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def close_meeting(*, meeting: Meeting, closed_by: "User | None" = None) -> Meeting:
    """Evaluate every registration and set the state to closed; `closed_by` None means the clock.

    Also closes a room that is still live: it ends now. Raises NotAllowed, NotYetOver (planned and
    not begun, or cancelled).
    """
    if closed_by is not None and not can_close(closed_by, meeting):
        raise NotAllowed
    now = timezone.now()
    with transaction.atomic():
        locked = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if locked.is_cancelled or (locked.can_be_changed and locked.starts_at > now):
            raise NotYetOver
        if locked.state != MeetingState.CLOSED:
            _finish(locked, now)
        contact_ids = _evaluate(locked, now)
        scores.recompute_engagement(contact_ids=contact_ids)
    meeting.refresh_from_db()
    return meeting


def _finish(meeting: Meeting, now: datetime) -> None:
    window = live_window(meeting, now)
    if meeting.is_live:
        _end_room(meeting, window)
    meeting.ended_at = meeting.ended_at or window.end
    meeting.state = MeetingState.CLOSED
    meeting.closed_at = now
    meeting.attended_from_s = meeting.measure_attendance()
    meeting.save(update_fields=["state", "ended_at", "closed_at", "attended_from_s", "updated_at"])


def _end_room(meeting: Meeting, window: Span) -> None:
    """Nobody pressed "end": whoever is still in is sent out, and open intervals are closed."""
    for row in PresenceInterval.objects.filter(seat__meeting=meeting, left_at__isnull=True):
        row.left_at = max(row.joined_at, _presumed_end(row, window))
        row.reason = "ended"
        row.save(update_fields=["left_at", "reason"])
    recording.end(meeting=meeting, now=timezone.now())
    presence.end_all(meeting=meeting, at=window.end)
    fanout.announce_end(meeting)


def live_window(meeting: Meeting, now: datetime) -> Span:
    """From going live to the end. What came before is rehearsal and does not count.

    A meeting nobody ended lasted until its planned end, or as long as somebody stayed.
    """
    start = meeting.counted_from
    if meeting.ended_at is not None:
        return Span(start, max(start, meeting.ended_at))
    last_left = PresenceInterval.objects.filter(
        seat__meeting=meeting, is_rehearsal=False
    ).aggregate(last=Max("left_at"))["last"]
    is_occupied = _is_occupied(meeting, now)
    end = now if is_occupied else max(meeting.ends_at, last_left or meeting.ends_at)
    return Span(start, max(start, min(end, now)))


def _is_occupied(meeting: Meeting, now: datetime) -> bool:
    return (
        PresenceInterval.objects.filter(seat__meeting=meeting, left_at__isnull=True)
        .filter(Q(seen_at__isnull=True) | Q(seen_at__gt=now - STILL_HERE))
        .exists()
    )


def evaluate_again(*, seat: Seat) -> None:
    """Bring one guest of a closed meeting up to date, after a late rating."""
    with transaction.atomic():
        contact_ids = _evaluate(seat.meeting, timezone.now(), only=seat.registration_id)
        scores.recompute_engagement(contact_ids=contact_ids)


def _evaluate(meeting: Meeting, now: datetime, *, only: int | None = None) -> list[int]:
    """Write the activities of the registrations; gives the contacts whose score may change."""
    if not _took_place(meeting):
        return []  # nobody entered, not even the host: that says nothing about those who registered
    window = live_window(meeting, now)
    wanted = meeting.registrations.confirmed()
    registrations = list(
        (wanted.filter(pk=only) if only else wanted).select_related(
            "contact_point", "contact_point__contact", "seat"
        )
    )
    seats = [seat for row in registrations if (seat := _seat_of(row)) is not None]
    facts = _collect_facts(meeting, seats, window)
    length_s = int(meeting.real_length.total_seconds())
    contact_ids: set[int] = set()
    for registration in registrations:
        contact = registration.contact_point.contact
        if contact is not None and contact.is_internal:
            continue  # colleagues who try the registration are no customers
        seat = _seat_of(registration)
        seat_facts = facts[seat.pk] if seat else SeatFacts(0, 0, (), None)
        if seat is not None:
            _write_engagement(seat, seat_facts, length_s)
        _write_activities(meeting, registration, seat, seat_facts, window)
        if contact is not None:
            contact_ids.add(contact.pk)
    return sorted(contact_ids)


def _took_place(meeting: Meeting) -> bool:
    counted = PresenceInterval.objects.filter(seat__meeting=meeting, is_rehearsal=False)
    return meeting.went_live_at is not None or counted.exists()


def _seat_of(registration: Registration) -> Seat | None:
    return getattr(registration, "seat", None)


def _collect_facts(
    meeting: Meeting, seats: Sequence[Seat], window: Span
) -> Mapping[int, SeatFacts]:
    spans = _spans_by_seat(meeting, window)
    lines = _lines_by_seat(seats)
    talked = TalkTime.objects.filter(seat__meeting=meeting).seconds_by_seat()
    facts = {}
    for seat in seats:
        attended_s = attended_seconds(spans.get(seat.pk, []), window)
        facts[seat.pk] = SeatFacts(
            attended_s=attended_s,
            # The relay counts what is said outside the live time, too; nobody talks while away.
            talked_s=min(round(talked.get(seat.pk, 0.0)), attended_s),
            lines=lines.get(seat.pk, ()),
            rating=seat.closing_rating,
        )
    return facts


def _lines_by_seat(seats: Sequence[Seat]) -> Mapping[int, list[str]]:
    """Of these alone: each rating that comes late asks for one, however much others wrote."""
    lines: dict[int, list[str]] = defaultdict(list)
    said = ChatMessage.objects.filter(seat__in=seats).standing().order_by("sequence")
    for seat_id, line in said.values_list("seat", Left("text", WORDS_LENGTH)):
        lines[seat_id].append(line)
    return lines


def _spans_by_seat(meeting: Meeting, window: Span) -> Mapping[int, list[Span]]:
    spans: dict[int, list[Span]] = defaultdict(list)
    rows = PresenceInterval.objects.filter(seat__meeting=meeting, is_rehearsal=False)
    for row in rows:
        end = row.left_at or _presumed_end(row, window)
        spans[row.seat_id].append(Span(row.joined_at, max(row.joined_at, end)))
    return spans


def _presumed_end(row: PresenceInterval, window: Span) -> datetime:
    """An interval nobody closed ends with its last sign of life, or with the meeting."""
    if row.seen_at is None or row.seen_at + STILL_HERE >= window.end:
        return window.end
    return row.seen_at


def _write_engagement(seat: Seat, facts: SeatFacts, length_s: int) -> None:
    engagement = engagement_of(
        attended_s=facts.attended_s,
        length_s=length_s,
        talked_s=facts.talked_s,
        chat_lines=len(facts.lines),
        has_rated=facts.rating is not None,
    )
    Seat.objects.filter(pk=seat.pk).update(
        attended_s=facts.attended_s,
        talked_s=facts.talked_s,
        engagement_points=engagement.points,
        engagement_parts=[part.to_dict() for part in engagement.parts],
    )
    seat.engagement_points = engagement.points


def _write_activities(
    meeting: Meeting,
    registration: Registration,
    seat: Seat | None,
    facts: SeatFacts,
    window: Span,
) -> None:
    """Upserts keyed (meeting, contact point, kind)."""
    for fact in _facts_of(seat, facts, attended_from_s=meeting.attended_from_s):
        activities.upsert_for_subject(
            subject_ref=meeting.subject_ref,
            contact_point=registration.contact_point,
            kind=fact.kind,
            occurred_at=window.start,
            subject_title=meeting.title,
            quantity=fact.quantity,
            unit=fact.unit,
            data=fact.data,
            market=meeting.market,
            campaign=meeting.campaign,
        )


def _facts_of(seat: Seat | None, facts: SeatFacts, *, attended_from_s: int) -> list[Fact]:
    if seat is None or facts.attended_s == 0:
        return [Fact("no_show")]
    stayed = "attended" if facts.attended_s >= attended_from_s else "looked_in"
    found = [Fact(stayed, facts.attended_s // 60, "min")]
    if minutes := whole_minutes(facts.talked_s):
        found.append(Fact("talked", minutes, "min"))
    if facts.lines:
        found.append(Fact("chatted", len(facts.lines), "lines", {"words": facts.words}))
    if facts.rating is not None:
        found.append(Fact("rated", facts.rating, "stars"))
    found.append(Fact("engaged", seat.engagement_points, "points"))
    return found


def due_for_closing(*, now: datetime) -> list[Meeting]:
    """Meetings that the clock should close now."""
    ended = Q(state=MeetingState.ENDED, ended_at__lte=now - CLOSES_AFTER_ENDING)
    forgotten = Q(
        state__in=(MeetingState.PLANNED, MeetingState.LIVE),
        ends_at__lte=now - CLOSES_AFTER_PLANNED_END,
    )
    return [
        meeting
        for meeting in Meeting.objects.filter(ended | forgotten).order_by("ends_at")
        if meeting.state == MeetingState.ENDED
        or meeting.ends_at <= now - CLOSES_AT_THE_LATEST
        or not _is_occupied(meeting, now)
    ]


def close_finished(*, now: datetime) -> int:
    """Close what is due; the number of meetings closed."""
    due = due_for_closing(now=now)
    for meeting in due:
        close_meeting(meeting=meeting)
    return len(due)
