"""Recording facts about people, and making the profile out of those that count."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Contact, ContactProfile, ProfileFact, Region
from crm.services.errors import Refusal


class UnusableFact(Refusal):
    code = "unusable_fact"


def record_fact(
    *,
    contact: Contact,
    key: str,
    value: Any,
    source: str,
    confidence: Decimal = Decimal(1),
    consent_purpose: str = "service",
    observed_at: datetime | None = None,
    source_ref: str = "",
) -> ProfileFact:
    """Write one fact beside the others and rebuild the profile. Raises UnusableFact."""
    _check(key, value)
    with transaction.atomic():
        fact = ProfileFact.objects.create(
            contact=contact,
            key=key,
            value=value,
            source=source,
            source_ref=source_ref,
            confidence=confidence,
            consent_purpose=consent_purpose,
            observed_at=observed_at or timezone.now(),
        )
        rebuild_profile(contact=contact)
    return fact


def _check(key: str, value: Any) -> None:
    if key not in ProfileFact.Key:
        raise UnusableFact(_("Nothing of this kind is kept about people."))
    if key == ProfileFact.Key.BIRTH_YEAR:
        is_usable = isinstance(value, int) and 1880 <= value <= timezone.now().year
    elif key == ProfileFact.Key.INTERESTS:
        is_usable = isinstance(value, list) and all(isinstance(word, str) for word in value)
    else:
        is_usable = isinstance(value, str) and 0 < len(value) <= 120
    if not is_usable:
        raise UnusableFact(_("This value does not fit the fact."))


def rebuild_profile(*, contact: Contact) -> ContactProfile:
    """The surest fact of each key counts, the newest among equally sure ones."""
    best: dict[str, Any] = {}
    facts = ProfileFact.objects.filter(contact=contact).order_by("confidence", "observed_at", "pk")
    for fact in facts:
        best[fact.key] = fact.value
    region_code = best.pop(ProfileFact.Key.REGION, None)
    region = Region.objects.filter(code=region_code).first() if region_code else None
    profile, _made = ContactProfile.objects.update_or_create(
        contact=contact, defaults={**best, "region": region}
    )
    return profile


def conflicting_keys(*, contact: Contact) -> set[str]:
    """Facts on which the sources disagree: they are shown to people, not settled silently."""
    values: dict[str, set[str]] = {}
    for fact in ProfileFact.objects.filter(contact=contact):
        values.setdefault(fact.key, set()).add(repr(fact.value))
    return {key for key, found in values.items() if len(found) > 1}
