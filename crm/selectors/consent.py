"""What people allowed, as of now: the last word for each purpose and channel counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Max, OuterRef, QuerySet, Subquery

from crm.models import ConsentEvent, ContactPoint
from crm.selectors.suppression import is_suppressed

if TYPE_CHECKING:
    from crm.models import Contact


@dataclass(frozen=True)
class ConsentStatus:
    purpose: str
    channel: str
    state: str
    wording_version: str
    source: str
    since: datetime


def states(contact_point: ContactPoint) -> dict[tuple[str, str], ConsentStatus]:
    """The last word by (purpose, channel); nothing is said about what was never asked."""
    latest: dict[tuple[str, str], ConsentStatus] = {}
    for event in ConsentEvent.objects.filter(contact_point=contact_point).order_by("pk"):
        latest[event.purpose, event.channel] = ConsentStatus(
            purpose=event.purpose,
            channel=event.channel,
            state=event.state,
            wording_version=event.wording_version,
            source=event.source,
            since=event.occurred_at,
        )
    return latest


def current_event(
    contact_point: ContactPoint, purpose: str, channel: str = "email"
) -> ConsentEvent | None:
    return (
        ConsentEvent.objects.filter(contact_point=contact_point, purpose=purpose, channel=channel)
        .order_by("pk")
        .last()
    )


def current_states(
    contact_points: Iterable[int], purpose: str, channel: str = "email"
) -> dict[int, str]:
    """The last word of each of these (given by their keys) that said anything, with one query."""
    said = ConsentEvent.objects.filter(
        contact_point__in=list(contact_points), purpose=purpose, channel=channel
    )
    newest = said.values("contact_point").annotate(newest=Max("pk")).values("newest")
    rows = ConsentEvent.objects.filter(pk__in=newest)
    return dict(rows.values_list("contact_point_id", "state"))


def may_send(contact_point: ContactPoint, purpose: str) -> bool:
    """Whether this address may get a mail for the purpose.

    Service mail answers something the person did and needs no consent. Suppression outrules
    everything.
    """
    if is_suppressed(contact_point.normalised, purpose):
        return False
    if purpose == "service":
        return True
    event = current_event(contact_point, purpose)
    return event is not None and event.state == "granted"


def granted_points(purpose: str, channel: str = "email") -> QuerySet[ContactPoint]:
    """Contact points whose last word for the purpose is yes. Suppression is not looked at."""
    last_word = (
        ConsentEvent.objects.filter(contact_point=OuterRef("pk"), purpose=purpose, channel=channel)
        .order_by("-pk")
        .values("state")[:1]
    )
    points: QuerySet[ContactPoint] = ContactPoint.objects.annotate(
        last_word=Subquery(last_word)
    ).filter(last_word="granted")
    return points


def history_of_contact(contact: "Contact") -> Iterable[ConsentEvent]:
    """Everything the contact ever said, newest first."""
    return (
        ConsentEvent.objects.filter(contact_point__contact=contact)
        .select_related("contact_point")
        .order_by("-pk")
    )
