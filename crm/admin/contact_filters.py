"""Filters of the contact list. What they mean stands in crm.selectors.contacts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.models import Contact
from crm.selectors.contacts import narrow_to_engaged, narrow_to_whose


class WhoseFilter(admin.SimpleListFilter):
    title = _("whose contacts")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("own", _("My contacts")),
            ("team", _("My team's")),
            ("shared", _("Where I help")),
            ("nobody", _("Without an owner")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        user: Any = request.user
        value = self.value()
        return narrow_to_whose(queryset, user, value) if value else queryset


class EngagementFilter(admin.SimpleListFilter):
    title = _("engagement")
    parameter_name = "engaged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("0", _("None yet")),
            ("1", _("At least 1 point")),
            ("10", _("At least 10 points")),
            ("30", _("At least 30 points")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        value = self.value()
        return narrow_to_engaged(queryset, value) if value else queryset
