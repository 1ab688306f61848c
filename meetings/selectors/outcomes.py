"""What closed meetings amounted to, for analytics: plain figures, no rows leak.

attendance = registrations present for five minutes, or for a quarter of a meeting shorter than
twenty / registrations; interaction = attended seats that wrote in the chat or talked for half a
minute / attended seats; satisfaction = the closing ratings; participation = mean share of the
meeting's length that those who attended stayed. Colleagues never count.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from meetings.models import ChatMessage, Meeting, Registration
from meetings.models.choices import MeetingState
from meetings.querysets import TALKED_FROM_S

if TYPE_CHECKING:
    from crm.models import User


@dataclass(frozen=True)
class MeetingOutcome:
    """One closed meeting in figures. `participation` is None when nobody attended."""

    public_id: UUID
    title: str
    kind: str
    host_id: int
    starts_at: datetime
    length_min: int
    registered: int
    attended: int
    interacted: int
    ratings: list[int]
    participation: float | None
    weights: dict[str, str]
    weights_version: int
    closed_at: datetime

    @property
    def subject_ref(self) -> str:
        return f"meeting:{self.public_id}"


@dataclass(frozen=True)
class _GuestRow:
    attended_s: int
    has_written: bool
    talked_s: int
    rating: int | None

    @property
    def has_interacted(self) -> bool:
        """Whoever does both is one person still: in a launch guests can only write."""
        return self.has_written or self.talked_s >= TALKED_FROM_S


def meeting_outcome(public_id: UUID | str) -> MeetingOutcome | None:
    """The outcome of one closed meeting; None while it is not closed or not known."""
    found = _outcomes(_closed().filter(public_id=public_id))
    return found[0] if found else None


def newly_closed(
    *, since: datetime | None = None, without_refs: Iterable[str] = ()
) -> list[MeetingOutcome]:
    """Meetings closed at or after `since`, oldest first, but for those named by subject_ref."""
    closed = _closed()
    if since is not None:
        closed = closed.filter(closed_at__gte=since)
    known = [UUID(ref.removeprefix("meeting:")) for ref in without_refs]
    return _outcomes(closed.exclude(public_id__in=known).order_by("closed_at", "pk"))


def outcomes_between(*, user: "User", start: datetime, end: datetime) -> list[MeetingOutcome]:
    """Closed meetings that `user` sees and that began in [start, end), oldest first."""
    seen = _closed().filter(pk__in=Meeting.objects.visible_to(user).values("pk"))
    return _outcomes(
        seen.filter(starts_at__gte=start, starts_at__lt=end).order_by("starts_at", "pk")
    )


def _closed() -> "QuerySet[Meeting]":
    return Meeting.objects.filter(state=MeetingState.CLOSED)


def _outcomes(meetings: "QuerySet[Meeting]") -> list[MeetingOutcome]:
    found = list(meetings)
    guests = _guests_by_meeting([meeting.pk for meeting in found])
    return [_outcome(meeting, guests.get(meeting.pk, [])) for meeting in found]


def _guests_by_meeting(meeting_ids: list[int]) -> dict[int, list[_GuestRow]]:
    written = ChatMessage.objects.standing().filter(seat=OuterRef("seat"))
    rows = (
        Registration.objects.confirmed()
        .filter(meeting__in=meeting_ids)
        .filter(Q(contact_point__contact=None) | Q(contact_point__contact__is_internal=False))
        .annotate(has_written=Exists(written))
        .values_list(
            *("meeting_id", "seat__attended_s", "has_written"),
            *("seat__talked_s", "seat__closing_rating"),
        )
    )
    guests: dict[int, list[_GuestRow]] = defaultdict(list)
    for meeting_id, attended_s, has_written, talked_s, rating in rows:
        guest = _GuestRow(attended_s or 0, has_written, talked_s or 0, rating)
        guests[meeting_id].append(guest)
    return guests


def _outcome(meeting: Meeting, guests: list[_GuestRow]) -> MeetingOutcome:
    attended = [guest for guest in guests if guest.attended_s >= meeting.attended_from_s]
    length_s = meeting.real_length.total_seconds()
    shares = [min(guest.attended_s / length_s, 1.0) for guest in attended if length_s > 0]
    return MeetingOutcome(
        public_id=meeting.public_id,
        title=meeting.title,
        kind=meeting.kind,
        host_id=meeting.host_id,
        starts_at=meeting.starts_at,
        length_min=round(length_s / 60),
        registered=len(guests),
        attended=len(attended),
        interacted=sum(guest.has_interacted for guest in attended),
        ratings=sorted(guest.rating for guest in guests if guest.rating is not None),
        participation=sum(shares) / len(shares) if shares else None,
        weights=dict(meeting.weights),
        weights_version=meeting.weights_version,
        closed_at=meeting.closed_at or meeting.ends_at,
    )
