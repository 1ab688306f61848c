"""Reusable filters, and the one rule of visibility per kind of record.

sales: own and collaborating · manager: the team with all teams below it · marketing, admin and
auditor: everything. Whoever is not active staff sees nothing.
"""

from typing import TYPE_CHECKING, Self, TypeVar

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.search_words import find_needles

if TYPE_CHECKING:
    from crm.models import Company, Contact, User  # noqa: F401 - Company in a subscript

M = TypeVar("M", bound=models.Model)


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


def search_rule(query: str, field: str = "search_words") -> Q:
    """All words of `query` in the search column `field`; nothing for a query without a word."""
    needles = list(find_needles(query))
    if not needles:
        return Q(pk__in=[])
    rule = Q()
    for needle in needles:
        rule &= Q(**{f"{field}__contains": needle})
    return rule


class CompanyQuerySet(OwnedQuerySet["Company"]):
    def search(self, query: str) -> Self:
        if not query.strip():
            return self.none()
        return self.filter(search_rule(query) | Q(domain__startswith=query.strip().lower()))


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
        """By name, by company, and by the beginning of an address, number or handle."""
        if not query.strip():
            return self.none()
        points = apps.get_model("crm", "ContactPoint")._default_manager.filter(
            normalised__startswith=query.strip().lower()
        )
        companies = apps.get_model("crm", "Company")._default_manager.filter(search_rule(query))
        return self.filter(
            search_rule(query)
            | Q(pk__in=points.filter(contact__isnull=False).values("contact"))
            | Q(company__in=companies.values("pk"))
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
