"""What a contact's engagement score is made of."""

from dataclasses import dataclass

from django.db.models import Count

from crm.extensions import Text, activity_kinds
from crm.models import Activity, Contact


@dataclass(frozen=True)
class EngagementPart:
    """What one kind of activity adds to the score."""

    label: Text
    count: int
    each: int

    @property
    def points(self) -> int:
        return self.count * self.each


def engagement_parts(contact: Contact) -> list[EngagementPart]:
    """What counts, most points first; their sum, at least zero, is the contact's score."""
    counts = dict(
        Activity.objects.filter(contact_point__contact=contact)
        .order_by()
        .values_list("kind")
        .annotate(number=Count("pk"))
    )
    parts = [
        EngagementPart(entry.label, counts[kind], entry.points)
        for kind, entry in activity_kinds.items()
        if entry.points and kind in counts
    ]
    return sorted(parts, key=lambda part: -part.points)
