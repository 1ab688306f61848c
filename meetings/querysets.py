"""Reusable filters, and the one rule of who sees a meeting and what hangs on it.

sales: meetings one hosts or co-hosts · manager: those of the team and the teams below it ·
marketing, admin and auditor: everything.
"""

from typing import TYPE_CHECKING, Self, TypeVar

from django.apps import apps
from django.db.models import Count, F, Model, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm.querysets import VisibleQuerySet, team_rule

if TYPE_CHECKING:
    from crm.models import User
    from meetings.models import (  # noqa: F401 - stand in quotes below
        ChatMessage,
        Meeting,
        PresenceInterval,
        Registration,
        Seat,
        TalkTime,
    )

_Row = TypeVar("_Row", bound=Model)

# Somebody who looked in for a moment did not attend; what a moment is, a short meeting says.
ATTENDED_FROM_S = 5 * 60
ATTENDED_SHARE = 4
# Less talk is a greeting, or noise; from here on it rounds to a minute.
TALKED_FROM_S = 30


class MeetingQuerySet(VisibleQuerySet["Meeting"]):
    def rule_for(self, user: "User") -> Q:
        co_hosting = self.model.co_hosts.through._default_manager.filter(user=user)
        return (
            Q(host=user)
            | Q(pk__in=co_hosting.values("meeting"))
            | team_rule(user, "team", "host__team")
        )

    def hosted_by(self, user: "User") -> Self:
        """Meetings one runs: as host or as co-host."""
        co_hosting = self.model.co_hosts.through._default_manager.filter(user=user)
        return self.filter(Q(host=user) | Q(pk__in=co_hosting.values("meeting")))

    def listed(self) -> Self:
        """What the public list shows: public, still to come or under way."""
        return self.filter(
            visibility="public", state__in=("planned", "live"), ends_at__gt=timezone.now()
        )

    def with_counts(self) -> Self:
        """Adds `registered_count` (the seats taken), `unconfirmed_count` and `attended_count`,
        each one subquery for the whole list."""
        registrations = apps.get_model("meetings", "Registration")._default_manager
        registered = _count_per_meeting(registrations.confirmed())
        unconfirmed = _count_per_meeting(registrations.unconfirmed())
        attended = _count_per_meeting(
            apps.get_model("meetings", "Seat")._default_manager.filter(
                registration__isnull=False, attended_s__gte=F("meeting__attended_from_s")
            )
        )
        return self.annotate(
            registered_count=registered, unconfirmed_count=unconfirmed, attended_count=attended
        )


def _count_per_meeting(rows: "VisibleQuerySet[_Row]") -> Coalesce:
    counted = (
        rows.filter(meeting=OuterRef("pk"))
        .order_by()
        .values("meeting")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(counted), 0)


class ThroughMeetingQuerySet(VisibleQuerySet[_Row]):
    """Rows that are seen by whoever sees their meeting."""

    meeting_lookup = "meeting"

    def rule_for(self, user: "User") -> Q:
        meetings = apps.get_model("meetings", "Meeting")._default_manager.visible_to(user)
        return Q(**{f"{self.meeting_lookup}__in": meetings.values("pk")})


class RegistrationQuerySet(ThroughMeetingQuerySet["Registration"]):
    def standing(self) -> Self:
        """Registrations that were not cancelled."""
        return self.filter(state="registered")

    def confirmed(self) -> Self:
        """Standing ones whose person proved the address: each of them holds a seat."""
        return self.standing().filter(verified_at__isnull=False)

    def unconfirmed(self) -> Self:
        """Standing ones whose address nobody has proved yet: they hold no seat."""
        return self.standing().filter(verified_at__isnull=True)


class SeatQuerySet(ThroughMeetingQuerySet["Seat"]):
    def of_guests(self) -> Self:
        """Seats of registered people; hosts and other staff have a seat but never count."""
        return self.filter(registration__isnull=False)


class PresenceQuerySet(ThroughMeetingQuerySet["PresenceInterval"]):
    meeting_lookup = "seat__meeting"


class TalkTimeQuerySet(ThroughMeetingQuerySet["TalkTime"]):
    meeting_lookup = "seat__meeting"

    def seconds_by_seat(self) -> dict[int, float]:
        """Talk that counts, by the seat's key: all its tallies without rehearsal."""
        counted = self.order_by().values_list("seat")
        return dict(counted.annotate(seconds=Sum(F("talked_s") - F("rehearsed_s"))))


class ChatQuerySet(ThroughMeetingQuerySet["ChatMessage"]):
    def standing(self) -> Self:
        """Lines that were not deleted."""
        return self.filter(deleted_at__isnull=True)
