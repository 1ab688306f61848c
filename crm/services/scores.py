"""How engaged a contact is: points of what the person did, as each activity kind counts."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, Sum, Value, When

from crm.extensions import activity_kinds
from crm.models import Activity, Contact

_CHUNK = 500


def recompute_engagement(*, contact_ids: Iterable[int]) -> None:
    """Set the score of these contacts to the sum of their activities' points."""
    ids = sorted({pk for pk in contact_ids if pk is not None})
    points = [
        When(kind=kind, then=Value(entry.points))
        for kind, entry in activity_kinds.items()
        if entry.points
    ]
    for start in range(0, len(ids), _CHUNK):
        _recompute(ids[start : start + _CHUNK], points)


def _recompute(ids: list[int], points: list[When]) -> None:
    rule = Case(*points, default=Value(0), output_field=IntegerField())
    with transaction.atomic():
        totals = dict(
            Activity.objects.filter(contact_point__contact__in=ids)
            .values(contact=F("contact_point__contact"))
            .annotate(total=Sum(rule), n=Count("pk"))
            .values_list("contact", "total")
        )
        contacts = list(Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        for contact in contacts:
            contact.engagement_score = max(0, totals.get(contact.pk, 0))
        Contact.objects.bulk_update(contacts, ["engagement_score"])
