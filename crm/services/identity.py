"""Whose address is this? Linking contact points to contacts, carefully, and undoing it.

Nothing is linked before the address is verified. A link fills blanks only. An address of several
people, or a name that fits somebody we know, becomes a suggestion for people to decide.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Company, Contact, ContactPoint, IdentityLink, IdentitySuggestion
from crm.services import activities, scores
from crm.services.errors import InvalidName, Refusal
from crm.validators import normalise_name

if TYPE_CHECKING:
    from crm.models import Team, User

Status = Literal["claimed", "created", "linked", "suggested"]
_BLANKS = ("company", "language", "time_zone", "owner", "team")


@dataclass(frozen=True)
class IdentityOutcome:
    status: Status
    contact_id: int | None


class AlreadyDecided(Refusal):
    code = "already_decided"


def identify(
    *,
    contact_point: ContactPoint,
    name: str,
    company_name: str = "",
    language: str = "",
    time_zone: str = "",
    source: str,
    owner: "User | None" = None,
    team: "Team | None" = None,
) -> IdentityOutcome:
    """Find or make the contact behind an address that somebody registered with.

    claimed: not verified, nothing happens. linked: the address has its contact, blanks are
    filled. created: a new contact. suggested: somebody has to look. Raises InvalidName.
    """
    name = normalise_name(name)
    if not name:
        raise InvalidName(_("The name is missing."))
    with transaction.atomic():
        point = ContactPoint.objects.select_for_update().get(pk=contact_point.pk)
        if point.verified_at is None:
            return IdentityOutcome("claimed", None)
        facts = {
            "company": _find_company(point, company_name),
            "language": language,
            "time_zone": time_zone,
            "owner": owner,
            "team": team,
        }
        outcome = _decide(point, name, company_name, facts, source)
    contact_point.refresh_from_db(fields=["contact"])
    return outcome


def _decide(
    point: ContactPoint, name: str, company_name: str, facts: dict[str, Any], source: str
) -> IdentityOutcome:
    if point.contact is not None and not point.is_shared:
        _link(point, point.contact, facts, source)
        return IdentityOutcome("linked", point.contact.pk)
    if point.is_shared:
        _suggest(point, [point.contact], name, company_name, "shared", source)
        return IdentityOutcome("suggested", None)
    namesakes = _find_namesakes(point, name, facts["company"])
    if namesakes:
        _suggest(point, namesakes, name, company_name, "same_name", source)
        return IdentityOutcome("suggested", None)
    contact = Contact.objects.create(name=name, source=source[:60])
    _link(point, contact, facts, source, created=True)
    return IdentityOutcome("created", contact.pk)


def _find_company(point: ContactPoint, name: str) -> Company | None:
    """The one company of that name; a new one for a new name; None when several have it."""
    name = normalise_name(name)
    if not name:
        return None
    found = list(Company.objects.filter(name__iexact=name)[:2])
    if len(found) > 1:
        return None
    return found[0] if found else Company.objects.create(name=name)


def _find_namesakes(
    point: ContactPoint, name: str, company: Company | None
) -> list[Contact | None]:
    """People of that name in that company: perhaps the same person with a second address."""
    if company is None:
        return []
    return list(Contact.objects.filter(name__iexact=name, company=company).order_by("pk")[:5])


def _link(
    point: ContactPoint,
    contact: Contact,
    facts: dict[str, Any],
    source: str,
    *,
    created: bool = False,
) -> None:
    filled = {
        field: getattr(value, "pk", value)
        for field in _BLANKS
        if (value := facts[field]) and not getattr(contact, field)
    }
    for field in filled:
        setattr(contact, field, facts[field])
    if filled:
        contact.save(update_fields=[*filled])
    was_linked = point.contact_id == contact.pk
    if not was_linked:
        point.contact = contact
        point.save(update_fields=["contact"])
    if filled or not was_linked:
        IdentityLink.objects.create(
            contact_point=point,
            contact=contact,
            created_contact=created,
            filled=filled,
            source=source,
        )
    _note_activities(contact)


def _note_activities(contact: Contact) -> None:
    """What hung on the address alone counts for the contact from now on."""
    activities.recompute_last_activity(contact_ids=[contact.pk])
    scores.recompute_engagement(contact_ids=[contact.pk])


def _suggest(
    point: ContactPoint,
    contacts: list[Contact | None],
    name: str,
    company_name: str,
    reason: str,
    source: str,
) -> None:
    for contact in contacts:
        IdentitySuggestion.objects.get_or_create(
            contact_point=point,
            contact=contact,
            defaults={
                "name": name,
                "company_name": normalise_name(company_name)[:200],
                "reason": reason,
                "source": source,
            },
        )


def accept_suggestion(*, suggestion: IdentitySuggestion, decided_by: "User") -> Contact:
    """It is this person; without one, a new contact is made. Raises AlreadyDecided."""
    with transaction.atomic():
        _close(suggestion, IdentitySuggestion.State.ACCEPTED, decided_by)
        point = suggestion.contact_point
        contact = suggestion.contact or Contact.objects.create(
            name=suggestion.name,
            source=suggestion.source[:60],
            owner=decided_by,
            team=decided_by.team,
        )
        blank: dict[str, Any] = dict.fromkeys(_BLANKS)
        _link(point, contact, blank, suggestion.source, created=suggestion.contact is None)
        point.suggestions.filter(state=IdentitySuggestion.State.OPEN).update(
            state=IdentitySuggestion.State.REJECTED,
            decided_by=decided_by,
            decided_at=timezone.now(),
        )
    return contact


def reject_suggestion(*, suggestion: IdentitySuggestion, decided_by: "User") -> None:
    """It is somebody else. Raises AlreadyDecided."""
    with transaction.atomic():
        _close(suggestion, IdentitySuggestion.State.REJECTED, decided_by)


def _close(suggestion: IdentitySuggestion, state: str, decided_by: "User") -> None:
    changed = IdentitySuggestion.objects.filter(
        pk=suggestion.pk, state=IdentitySuggestion.State.OPEN
    ).update(state=state, decided_by=decided_by, decided_at=timezone.now())
    if not changed:
        raise AlreadyDecided(_("Somebody has decided this already."))
    suggestion.refresh_from_db()


def unlink(*, link: IdentityLink) -> None:
    """Undo a link: the address belongs to nobody again, and filled blanks are blank again.

    What somebody changed since stays; so does a contact that the link had created. Raises
    AlreadyDecided.
    """
    with transaction.atomic():
        undone = IdentityLink.objects.filter(pk=link.pk, undone_at__isnull=True).update(
            undone_at=timezone.now()
        )
        if not undone:
            raise AlreadyDecided(_("This link was undone already."))
        contact = Contact.objects.select_for_update().get(pk=link.contact_id)
        untouched = [field for field, value in link.filled.items() if _raw(contact, field) == value]
        for field in untouched:
            setattr(contact, field, None if _is_relation(field) else "")
        if untouched:
            contact.save(update_fields=untouched)
        ContactPoint.objects.filter(pk=link.contact_point_id, contact=contact).update(contact=None)
        _note_activities(contact)


def _is_relation(field: str) -> bool:
    return Contact._meta.get_field(field).is_relation


def _raw(contact: Contact, field: str) -> Any:
    return getattr(contact, f"{field}_id" if _is_relation(field) else field)
