"""Reusable filters, and the one rule of visibility per kind of record.

sales: own and collaborating · manager: the team with all teams below it · marketing, admin and
auditor: everything. Whoever is not active staff sees nothing.
"""

import re
import unicodedata
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self, TypeVar

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.search_words import find_needles

if TYPE_CHECKING:
    from crm.models import Company, Contact, ContactPoint, User  # noqa: F401 - Company in a subscript

M = TypeVar("M", bound=models.Model)

_PHONE = re.compile(r"[+\d\s()./\-]+")
_DIGITS_AT_LEAST = 3


def is_active_staff(user: "User | AnonymousUser") -> bool:
    return bool(user.is_authenticated and user.is_active and user.is_staff)


class VisibleQuerySet(models.QuerySet[M]):
    """`visible_to(user)`; subclasses say in `rule_for` what limited roles see."""

    def rule_for(self, user: "User") -> Q:
        """What somebody sees who does not see everything. Reference data: all of it."""
        return Q()

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        if isinstance(user, AnonymousUser) or not is_active_staff(user):
            return self.none()
        if user.sees_everything:
            return self.all()
        return self.filter(self.rule_for(user))


def team_rule(user: "User", *team_paths: str) -> Q:
    """Rows of the user's team and the teams below it; nothing for whoever leads no team."""
    rule = Q(pk__in=[])
    if user.is_manager and user.team is not None:
        for lookup in team_paths:
            rule |= Q(**{f"{lookup}__path__startswith": user.team.path})
    return rule


class OwnedQuerySet(VisibleQuerySet[M]):
    """Records with an owner and a team."""

    def rule_for(self, user: "User") -> Q:
        return Q(owner=user) | team_rule(user, "team", "owner__team")


def search_rule(query: str, *fields: str) -> Q:
    """All words of `query` in the search columns `fields`, whichever in which; nothing for a query
    without a word."""
    needles = list(find_needles(query))
    if not needles:
        return Q(pk__in=[])
    rule = Q()
    for needle in needles:
        anywhere = (Q(**{f"{field}__contains": needle}) for field in fields)
        rule &= reduce(or_, anywhere)
    return rule


def address_rule(query: str) -> Q:
    """Contact points by the beginning of an address or handle, by a mail's domain, and by any part
    of a phone number however it is written."""
    typed = unicodedata.normalize("NFKC", query).strip().lower()
    if not any(map(str.isalnum, typed)):
        return Q(pk__in=[])
    rule = Q(normalised__startswith=typed)
    domain = typed.removeprefix("@")
    if "." in domain or typed != domain:
        rule |= Q(kind="email", normalised__contains=f"@{domain}")
    for digits in _digits_of(typed):
        rule |= Q(kind="phone", normalised__contains=digits)
    return rule


def _digits_of(typed: str) -> set[str]:
    """The digits as typed and without what is dialled before them (00, 0, (0)); none for words."""
    if not _PHONE.fullmatch(typed):
        return set()
    digits = re.sub(r"\D", "", typed.replace("(0)", ""))
    return {part for part in (digits, digits.lstrip("0")) if len(part) >= _DIGITS_AT_LEAST}


class CompanyQuerySet(OwnedQuerySet["Company"]):
    def search(self, query: str) -> Self:
        if not any(map(str.isalnum, query)):
            return self.none()
        domain = query.strip().lower().removeprefix("@")
        return self.filter(search_rule(query, "search_words") | Q(domain__startswith=domain))


class ContactQuerySet(OwnedQuerySet["Contact"]):
    def rule_for(self, user: "User") -> Q:
        collaborating = self.model.collaborators.through._default_manager.filter(user=user)
        return super().rule_for(user) | Q(pk__in=collaborating.values("contact"))

    def owned_by(self, user: "User") -> Self:
        return self.filter(owner=user)

    def of_team(self, user: "User") -> Self:
        """The colleagues' and the own records of the user's team; none without a team."""
        if user.team is None:
            return self.none()
        path = user.team.path
        return self.filter(Q(team__path__startswith=path) | Q(owner__team__path__startswith=path))

    def search(self, query: str) -> Self:
        """By words of name and company in any order, and by address or number."""
        points = apps.get_model("crm", "ContactPoint")._default_manager.filter(address_rule(query))
        return self.filter(
            search_rule(query, "search_words", "company__search_words")
            | Q(pk__in=points.filter(contact__isnull=False).values("contact"))
        )

    def known(self) -> Self:
        """Without the tombstones of people who were erased; only figures still count those."""
        return self.filter(erased_at__isnull=True)

    def external(self) -> Self:
        return self.filter(is_internal=False)


class ThroughContactQuerySet(VisibleQuerySet[M]):
    """Rows that are seen by whoever sees their contact. Those without one need a wide role."""

    contact_lookup = "contact"

    def rule_for(self, user: "User") -> Q:
        contacts = apps.get_model("crm", "Contact")._default_manager.visible_to(user)
        return Q(**{f"{self.contact_lookup}__in": contacts.values("pk")})

    def of_contact(self, contact: "Contact") -> Self:
        return self.filter(**{self.contact_lookup: contact})


class ContactPointQuerySet(ThroughContactQuerySet["ContactPoint"]):
    def search(self, query: str) -> Self:
        """By the address itself, and by whose it is."""
        contacts = apps.get_model("crm", "Contact")._default_manager.search(query)
        return self.filter(address_rule(query) | Q(contact__in=contacts.values("pk")))


class ThroughPointQuerySet(ThroughContactQuerySet[M]):
    contact_lookup = "contact_point__contact"


class AppendOnlyQuerySet(ThroughPointQuerySet[M]):
    """Rows that are written once. Corrections are new rows."""

    def update(self, **values: object) -> int:
        raise TypeError(f"{self.model.__name__} rows are written once and never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError(f"{self.model.__name__} rows are never deleted.")


class PurchaseQuerySet(VisibleQuerySet[M]):
    def rule_for(self, user: "User") -> Q:
        contacts = apps.get_model("crm", "Contact")._default_manager.visible_to(user)
        companies = apps.get_model("crm", "Company")._default_manager.visible_to(user)
        return Q(contact__in=contacts.values("pk")) | Q(company__in=companies.values("pk"))


class TaskQuerySet(VisibleQuerySet[M]):
    def rule_for(self, user: "User") -> Q:
        return Q(owner=user) | team_rule(user, "owner__team")

    def open(self) -> Self:
        return self.filter(done_at__isnull=True)


class MailingQuerySet(VisibleQuerySet[M]):
    def rule_for(self, user: "User") -> Q:
        return Q(created_by=user) | team_rule(user, "created_by__team")


class DeliveryQuerySet(VisibleQuerySet[M]):
    """Mails to visible contacts and of visible mailings, and those to oneself."""

    def rule_for(self, user: "User") -> Q:
        contacts = apps.get_model("crm", "Contact")._default_manager.visible_to(user)
        mailings = apps.get_model("crm", "Mailing")._default_manager.visible_to(user)
        return (
            Q(contact_point__contact__in=contacts.values("pk"))
            | Q(mailing__in=mailings.values("pk"))
            | Q(address=user.email)
        )

    def to_wake(self) -> Self:
        """Rows whose wake-up is due: waiting ones, and those a dead worker left behind."""
        now = timezone.now()
        waiting = Q(state__in=("queued", "deferred"), wake_at__lte=now)
        return self.filter(waiting | Q(state="claimed", lease_until__lte=now))


class UserQuerySet(VisibleQuerySet["User"]):
    """Colleagues see each other; accounts of attendees need a wide role."""

    def rule_for(self, user: "User") -> Q:
        return Q(is_staff=True)
