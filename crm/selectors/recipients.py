"""Who of a choice of contacts can be written to, at which address, and why the others not."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db.models import QuerySet

from crm.models import Contact, ContactPoint, Delivery
from crm.selectors.consent import granted_points
from crm.selectors.suppression import find_suppressed

_CHUNK = 500
T = TypeVar("T")


@dataclass(frozen=True)
class RecipientChoice:
    """Each contact is counted once. `point_ids` are the addresses to write to."""

    total: int
    point_ids: tuple[int, ...]
    no_address: int
    no_consent: int
    suppressed: int
    already_invited: int


def choose_recipients(
    contacts: "QuerySet[Contact]", *, consent_purpose: str, purpose_key: str
) -> RecipientChoice:
    """One address for each contact: a verified one before others, then the oldest.

    Left out are addresses that do not exist, are suppressed, did not consent, or were written to
    under the same key before.
    """
    counts: dict[str, int] = defaultdict(int)
    chosen: list[int] = []
    contact_ids = list(contacts.order_by("pk").values_list("pk", flat=True).distinct())
    for chunk in in_chunks(contact_ids, _CHUNK):
        points = _points_of(chunk)
        addresses = {point.normalised for found in points.values() for point in found}
        granted = _granted(chunk, consent_purpose)
        suppressed = find_suppressed(addresses, consent_purpose)
        invited = _invited(addresses, purpose_key)
        for contact_id in chunk:
            found = points.get(contact_id, [])
            point, reason = _choose(found, suppressed, granted, invited)
            if point is not None:
                chosen.append(point.pk)
            else:
                counts[reason] += 1
    return RecipientChoice(
        total=len(contact_ids),
        point_ids=tuple(chosen),
        no_address=counts["no_address"],
        no_consent=counts["no_consent"],
        suppressed=counts["suppressed"],
        already_invited=counts["already_invited"],
    )


def _choose(
    points: list[ContactPoint],
    suppressed: set[str],
    granted: set[int] | None,
    invited: set[str],
) -> tuple[ContactPoint | None, str]:
    """The address to use, or why there is none."""
    if any(point.normalised in invited for point in points):
        return None, "already_invited"
    usable = [p for p in points if p.bounce_state != ContactPoint.BounceState.HARD]
    if not usable:
        return None, "no_address"
    free = [p for p in usable if p.normalised not in suppressed]
    if not free:
        return None, "suppressed"
    allowed = [p for p in free if granted is None or p.pk in granted]
    if not allowed:
        return None, "no_consent"
    return allowed[0], ""


def _points_of(contact_ids: list[int]) -> dict[int, list[ContactPoint]]:
    points: dict[int, list[ContactPoint]] = defaultdict(list)
    rows = ContactPoint.objects.filter(contact__in=contact_ids, kind=ContactPoint.Kind.EMAIL).only(
        "pk", "contact_id", "normalised", "verified_at", "bounce_state"
    )
    for point in sorted(rows, key=lambda row: (row.verified_at is None, row.pk)):
        if point.contact_id is not None:
            points[point.contact_id].append(point)
    return points


def _granted(contact_ids: list[int], purpose: str) -> set[int] | None:
    """The addresses with consent; None where none is needed."""
    if purpose == "service":
        return None
    granted = granted_points(purpose).filter(contact__in=contact_ids)
    return set(granted.values_list("pk", flat=True))


def _invited(addresses: Iterable[str], purpose_key: str) -> set[str]:
    return set(
        Delivery.objects.filter(purpose_key=purpose_key, address__in=list(addresses)).values_list(
            "address", flat=True
        )
    )


def in_chunks(items: Iterable[T], size: int) -> Iterable[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
