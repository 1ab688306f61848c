"""Writing the timeline. Repeating a fact with its key changes nothing but the fact itself."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from crm.extensions import activity_kinds
from crm.models import Activity, Contact, ContactPoint
from crm.services.errors import Refusal

if TYPE_CHECKING:
    from crm.models import Campaign, Market

_CHUNK = 500


class UnknownActivityKind(Refusal):
    code = "unknown_activity_kind"


def record(
    *,
    contact_point: ContactPoint,
    kind: str,
    occurred_at: datetime,
    subject_ref: str = "",
    subject_title: str = "",
    quantity: Decimal | float | None = None,
    unit: str = "",
    data: dict[str, Any] | None = None,
    market: "Market | None" = None,
    campaign: "Campaign | None" = None,
    key: str | None = None,
) -> Activity:
    """One thing that happened. With `key` the fact is unique: a second call rewrites it.

    Raises UnknownActivityKind for a kind that no app registered.
    """
    if kind not in activity_kinds:
        raise UnknownActivityKind(f"No activity kind {kind!r} is registered.")
    facts: dict[str, Any] = {
        "contact_point": contact_point,
        "kind": kind,
        "occurred_at": occurred_at,
        "subject_ref": subject_ref,
        "subject_title": subject_title[:300],
        "quantity": _as_decimal(quantity),
        "unit": unit,
        "data": data or {},
        "market": market,
        "campaign": campaign,
    }
    with transaction.atomic():
        if key is None:
            activity, is_new = Activity.objects.create(**facts), True
        else:
            activity, is_new = Activity.objects.update_or_create(key=key, defaults=facts)
        if is_new:
            note_last_activity(contact_point=contact_point, occurred_at=occurred_at)
        elif contact_point.contact_id is not None:  # its time may have moved back
            recompute_last_activity(contact_ids=[contact_point.contact_id])
    return activity


def upsert_for_subject(
    *, subject_ref: str, contact_point: ContactPoint, kind: str, **facts: Any
) -> Activity:
    """The one fact of this kind about a person and a subject (attended a meeting, rated it)."""
    return record(
        contact_point=contact_point,
        kind=kind,
        subject_ref=subject_ref,
        key=f"{subject_ref}|{contact_point.pk}|{kind}",
        **facts,
    )


def note_last_activity(*, contact_point: ContactPoint, occurred_at: datetime) -> None:
    if contact_point.contact_id is not None:
        Contact.objects.filter(
            Q(last_activity_at__isnull=True) | Q(last_activity_at__lt=occurred_at),
            pk=contact_point.contact_id,
        ).update(last_activity_at=occurred_at)


def recompute_last_activity(*, contact_ids: Iterable[int]) -> None:
    """Set it anew where activities were taken away, or came with an address."""
    ids = sorted(set(contact_ids))
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        latest = (
            Activity.objects.filter(contact_point__contact=OuterRef("pk"))
            .order_by("-occurred_at")
            .values("occurred_at")[:1]
        )
        Contact.objects.filter(pk__in=chunk).update(last_activity_at=Subquery(latest))


def _as_decimal(quantity: Decimal | float | None) -> Decimal | None:
    return None if quantity is None else Decimal(str(quantity)).quantize(Decimal("0.01"))
