"""Lists of meetings for pages, panels and a colleague's day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from meetings.models import Meeting, Registration, Seat
from meetings.models.choices import MeetingState, SeatState

if TYPE_CHECKING:
    from crm.models import Contact, User


def listed_meetings() -> "QuerySet[Meeting]":
    """What the public list shows, soonest first."""
    return Meeting.objects.listed().select_related("host").order_by("starts_at", "pk")


def meeting_by_public_id(public_id: UUID) -> Meeting | None:
    return (
        Meeting.objects.select_related("host", "team", "market", "campaign")
        .filter(public_id=public_id)
        .first()
    )


def meetings_of_day(*, user: "User", now: datetime | None = None) -> list[Meeting]:
    """Meetings one runs that touch the user's local day, with the number of those waiting."""
    waiting = Count("seats", filter=Q(seats__state=SeatState.WAITING), distinct=True)
    own = _of_day(user, now).filter(pk__in=Meeting.objects.hosted_by(user).values("pk"))
    return list(own.annotate(waiting_count=waiting))


def colleagues_meetings_of_day(
    *, user: "User", now: datetime | None = None, most: int = 20
) -> list[Meeting]:
    """For a manager: the day's meetings of those whose work they see, the first ones of the day."""
    if "manager" not in user.role_names:
        return []
    others = _of_day(user, now).exclude(pk__in=Meeting.objects.hosted_by(user).values("pk"))
    return list(others.select_related("host")[:most])


def _of_day(user: "User", now: datetime | None) -> "QuerySet[Meeting]":
    moment = timezone.localtime(now or timezone.now())
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        Meeting.objects.visible_to(user)
        .filter(starts_at__lt=midnight + timedelta(days=1), ends_at__gt=midnight)
        .exclude(state=MeetingState.CANCELLED)
        .order_by("starts_at", "pk")
    )


@dataclass(frozen=True)
class UpcomingMeetings:
    """For the administration's first page."""

    coming: list[Meeting]
    to_close: list[Meeting]


def upcoming_meetings(*, user: "User", limit: int = 5) -> UpcomingMeetings:
    """What comes next, and what is over but not closed yet, among the meetings one sees."""
    now = timezone.now()
    seen = Meeting.objects.visible_to(user).with_counts()
    coming = seen.filter(
        state__in=(MeetingState.PLANNED, MeetingState.LIVE), ends_at__gt=now
    ).order_by("starts_at", "pk")
    over = seen.filter(
        Q(state=MeetingState.ENDED)
        | Q(state__in=(MeetingState.PLANNED, MeetingState.LIVE), ends_at__lte=now)
    ).order_by("-ends_at", "-pk")
    return UpcomingMeetings(coming=list(coming[:limit]), to_close=list(over[:limit]))


def registrations_of_contact(*, contact: "Contact", user: "User") -> list[Registration]:
    """The contact's registrations to meetings that `user` sees, newest meeting first."""
    return list(
        Registration.objects.visible_to(user)
        .filter(contact_point__contact=contact)
        .select_related("meeting", "seat")
        .order_by("-meeting__starts_at", "-pk")
    )


def hosted_meetings(*, user: Any) -> list[Meeting]:
    """Meetings to come that a member of staff runs, soonest first."""
    if not user.is_authenticated:
        return []
    return list(
        Meeting.objects.visible_to(user)
        .hosted_by(user)
        .filter(state__in=(MeetingState.PLANNED, MeetingState.LIVE), ends_at__gt=timezone.now())
        .order_by("starts_at", "pk")
    )


def registrations_of_account(*, user: Any) -> list[Registration]:
    """Standing registrations under the addresses a signed-in person has proved to own."""
    if not user.is_authenticated:
        return []
    addresses = user.emailaddress_set.filter(verified=True).values_list("email", flat=True)
    return list(
        Registration.objects.standing()
        .filter(
            contact_point__kind="email",
            contact_point__normalised__in=[address.lower() for address in addresses],
        )
        .select_related("meeting", "meeting__host", "contact_point")
        .order_by("meeting__starts_at", "pk")
    )


def seat_was_here(*, seat: Seat) -> bool:
    """Whether the seat has ever been in the room."""
    return seat.presence.exists()
