"""Everything that happened with a contact, as sentences, newest first."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from crm.extensions import activity_kinds, timeline_links
from crm.models import Activity, Contact


@dataclass(frozen=True)
class TimelineEntry:
    when: datetime
    icon: str
    label: str
    sentence: str
    url: str | None
    address: str
    words: list[str]
    """What the person said or wrote, in their own words."""


def timeline_of(contact: Contact, *, limit: int = 100) -> list[TimelineEntry]:
    """The latest `limit` activities of all addresses of the contact, in one query."""
    activities = (
        Activity.objects.filter(contact_point__contact=contact)
        .select_related("contact_point")
        .order_by("-occurred_at", "-pk")[:limit]
    )
    return [_read(activity) for activity in activities]


def _read(activity: Activity) -> TimelineEntry:
    kind = activity_kinds.get(activity.kind)
    values = {
        **activity.data,
        "title": activity.subject_title,
        "quantity": _spell(activity.quantity),
        "unit": activity.unit,
    }
    return TimelineEntry(
        when=activity.occurred_at,
        icon=kind.icon if kind else "activity",
        label=str(kind.label) if kind else activity.kind,
        sentence=_fill(str(kind.sentence), values) if kind else activity.subject_title,
        url=timeline_links.find(activity.subject_ref) if activity.subject_ref else None,
        address=activity.contact_point.value,
        words=[str(line) for line in activity.data.get("words", ())],
    )


def _fill(sentence: str, values: dict[str, object]) -> str:
    """The sentence with its values; one that misses a value shows the title rather than fail."""
    try:
        return sentence % values
    except (KeyError, ValueError, TypeError):
        return str(values["title"])


def _spell(quantity: Decimal | None) -> str:
    if quantity is None:
        return ""
    text = format(quantity, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
