"""Which contacts somebody sees, and the filter of a contact list as a query."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import QueryDict

from crm.models import Contact
from crm.querysets import ContactQuerySet
from crm.search_words import shorten

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from crm.models import User

# What the contact list filters by, with the type of the value; the same words stand in its address.
_EXACT_FILTERS: dict[str, type] = {
    "language": str,
    "source": str,
    "is_internal": bool,
    "company": int,
    "company__id": int,
    "market": int,
    "market__id": int,
    "owner": int,
    "owner__id": int,
    "team": int,
    "team__id": int,
}
# Parts of the address that say how the list looks, not what is in it.
_LAYOUT = frozenset({"o", "p", "all", "e", "_facets"})

MOST_DIGITS = 18
MOST_IDS = 1000
"""Those that were ticked stand on one page; a longer list is none of ours."""


def visible_contacts(user: "User | AnonymousUser") -> ContactQuerySet:
    return Contact.objects.visible_to(user).known()


def filtered_contacts(user: "User", query_string: str) -> "QuerySet[Contact]":
    """The contacts of a list page by its query string: visible, searched, filtered.

    Bulk actions hand this string on, so that they mean the filter and not one page of ids. An
    unknown parameter is refused by giving nobody: a filter that is not understood must not widen
    the choice.
    """
    contacts: QuerySet[Contact] = visible_contacts(user)
    for name, value in QueryDict(query_string).items():
        contacts = _narrow(contacts, user, name, str(value))
    return contacts


def is_narrowing(query_string: str) -> bool:
    """Whether a list page's query string says whom it means; an order or a page number does not."""
    return any(value and name not in _LAYOUT for name, value in QueryDict(query_string).items())


def _narrow(
    contacts: "QuerySet[Contact]", user: "User", name: str, value: str
) -> "QuerySet[Contact]":
    if name in _LAYOUT or value == "":
        return contacts
    if name == "q":
        return contacts.filter(pk__in=Contact.objects.search(shorten(value)).values("pk"))
    if name == "whose":
        return narrow_to_whose(contacts, user, value)
    if name == "engaged":
        return narrow_to_engaged(contacts, value)
    if name == "id__in":
        return _filter_by_ids(contacts, value)
    if name.endswith("__isnull") and name.removesuffix("__isnull") in _EXACT_FILTERS:
        return contacts.filter(**{name: value in {"1", "True"}})
    return _filter_exactly(contacts, name.removesuffix("__exact"), value)


def _filter_by_ids(contacts: "QuerySet[Contact]", value: str) -> "QuerySet[Contact]":
    ids = value.split(",")
    if len(ids) > MOST_IDS or not all(_is_number(part) for part in ids):
        return contacts.none()
    return contacts.filter(pk__in=[int(part) for part in ids])


def _is_number(text: str) -> bool:
    """One that the database can hold."""
    return text.isdecimal() and len(text) <= MOST_DIGITS


def _filter_exactly(contacts: "QuerySet[Contact]", field: str, value: str) -> "QuerySet[Contact]":
    kind = _EXACT_FILTERS.get(field)
    if kind is bool:
        return contacts.filter(**{field: value in {"1", "True"}})
    if kind is str or (kind is int and _is_number(value)):
        return contacts.filter(**{field: value})
    return contacts.none()


def narrow_to_engaged(contacts: "QuerySet[Contact]", value: str) -> "QuerySet[Contact]":
    """At least so many points; "0" means none at all."""
    if not _is_number(value):
        return contacts.none()
    if value == "0":
        return contacts.filter(engagement_score=0)
    return contacts.filter(engagement_score__gte=int(value))


def narrow_to_whose(contacts: "QuerySet[Contact]", user: "User", value: str) -> "QuerySet[Contact]":
    """own, team, shared (I collaborate) or nobody's."""
    if value == "own":
        return contacts.filter(owner=user)
    if value == "team":
        return contacts.filter(pk__in=Contact.objects.of_team(user).values("pk"))
    if value == "shared":
        return contacts.filter(pk__in=user.shared_contacts.values("pk"))
    if value == "nobody":
        return contacts.filter(owner__isnull=True)
    return contacts.none()
