"""The attendance report: who registered, who came, how long, and what they said of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from meetings.models import ChatMessage, Meeting, Registration, Seat, TalkTime
from meetings.models.seat import minutes_and_seconds


@dataclass(frozen=True)
class AttendanceRow:
    """One registration in the report. Minutes and points are None until the meeting is closed."""

    registration_id: int
    contact_id: int | None
    name: str
    company_name: str
    address: str
    is_verified: bool
    is_internal: bool
    minutes: int | None
    has_attended: bool
    talked_s: int | None
    chat_lines: int
    rating: int | None
    points: int | None
    parts: Sequence[dict[str, Any]]

    @property
    def talk_length(self) -> str | None:
        return None if self.talked_s is None else minutes_and_seconds(self.talked_s)


@dataclass(frozen=True)
class AttendanceSummary:
    """The report's first line. Colleagues, and who never confirmed, are listed but not counted."""

    registered: int
    attended: int
    rated: int
    rating_mean: float | None

    @property
    def attendance_percent(self) -> int | None:
        return round(100 * self.attended / self.registered) if self.registered else None


def attendance_rows(*, meeting: Meeting) -> list[AttendanceRow]:
    """Every standing registration, those who stayed longest first."""
    return [_row(registration, meeting) for registration in _registrations(meeting)]


def _registrations(meeting: Meeting) -> "QuerySet[Registration]":
    lines = (
        ChatMessage.objects.standing()
        .filter(seat=OuterRef("seat"))
        .order_by()
        .values("seat")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return (
        meeting.registrations.standing()
        .select_related("contact_point", "contact_point__contact", "seat")
        .annotate(chat_lines=Coalesce(Subquery(lines), 0))
        .order_by(F("seat__attended_s").desc(nulls_last=True), "name", "pk")
    )


def _row(registration: Registration, meeting: Meeting) -> AttendanceRow:
    seat = getattr(registration, "seat", None)
    contact = registration.contact_point.contact
    seconds = seat.attended_s if seat else None
    return AttendanceRow(
        registration_id=registration.pk,
        contact_id=contact.pk if contact else None,
        name=registration.name,
        company_name=registration.company_name,
        address=registration.contact_point.value,
        is_verified=registration.verified_at is not None,
        is_internal=bool(contact and contact.is_internal),
        minutes=None if seconds is None else seconds // 60,
        has_attended=(seconds or 0) >= meeting.attended_from_s,
        talked_s=seat.talked_s if seat else None,
        chat_lines=getattr(registration, "chat_lines", 0),
        rating=seat.closing_rating if seat else None,
        points=seat.engagement_points if seat else None,
        parts=seat.engagement_parts if seat else [],
    )


@dataclass(frozen=True)
class TalkShares:
    """Who had the floor, in seconds: our side is hosts, presenters of ours and colleagues."""

    guests_s: float
    ours_s: float

    @property
    def guests(self) -> str:
        return minutes_and_seconds(self.guests_s)

    @property
    def ours(self) -> str:
        return minutes_and_seconds(self.ours_s)


def talk_shares(*, meeting: Meeting) -> TalkShares | None:
    """As far as it was reported; None while nobody has talked."""
    seconds = TalkTime.objects.filter(seat__meeting=meeting).seconds_by_seat()
    if not any(seconds.values()):
        return None
    guests = Seat.objects.of_guests().filter(pk__in=seconds)
    colleagues = guests.filter(registration__contact_point__contact__is_internal=True)
    counted = set(guests.exclude(pk__in=colleagues.values("pk")).values_list("pk", flat=True))
    guests_s = sum(talked_s for pk, talked_s in seconds.items() if pk in counted)
    return TalkShares(guests_s=guests_s, ours_s=sum(seconds.values()) - guests_s)


def summarise(rows: Iterable[AttendanceRow]) -> AttendanceSummary:
    guests = [row for row in rows if row.is_verified and not row.is_internal]
    ratings = [row.rating for row in guests if row.rating is not None]
    return AttendanceSummary(
        registered=len(guests),
        attended=sum(row.has_attended for row in guests),
        rated=len(ratings),
        rating_mean=sum(ratings) / len(ratings) if ratings else None,
    )
