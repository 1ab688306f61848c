"""Which contacts somebody sees, and the filter of a contact list as a query."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import QueryDict

from crm.models import Contact
from crm.querysets import ContactQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from crm.models import User

# What the contact list filters by; the same words stand in its address.
_EXACT_FILTERS = (
    "language",
    "source",
    "is_internal",
    "company",
    "market",
    "owner",
    "team",
    "company__id",
    "market__id",
    "owner__id",
    "team__id",
)


def visible_contacts(user: "User | AnonymousUser") -> ContactQuerySet:
    return Contact.objects.visible_to(user)


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


def _narrow(
    contacts: "QuerySet[Contact]", user: "User", name: str, value: str
) -> "QuerySet[Contact]":
    if name in {"o", "p", "all", "_facets", "e"} or value == "":
        return contacts
    if name == "q":
        found = Contact.objects.search(value)
        return contacts.filter(pk__in=found.values("pk"))
    if name == "whose":
        return narrow_to_whose(contacts, user, value)
    if name == "engaged":
        return (
            contacts.filter(engagement_score__gte=int(value))
            if value.isdigit()
            else (contacts.none())
        )
    field, _exact, _rest = name.partition("__exact")
    if field in _EXACT_FILTERS and (not _exact or not _rest):
        return _filter_exactly(contacts, field, value)
    if name.endswith("__isnull") and name.removesuffix("__isnull") in _EXACT_FILTERS:
        return contacts.filter(**{name: value in {"1", "True"}})
    return contacts.none()


def _filter_exactly(contacts: "QuerySet[Contact]", field: str, value: str) -> "QuerySet[Contact]":
    if field == "is_internal":
        return contacts.filter(is_internal=value in {"1", "True"})
    is_text = field in {"language", "source"}
    if not is_text and not value.isdigit():
        return contacts.none()
    return contacts.filter(**{field: value})


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
