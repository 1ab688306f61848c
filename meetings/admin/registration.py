"""Registrations: found, read, and their links replaced. People change them themselves."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.admin.base import VisibleAdmin
from crm.admin.people_search import PeopleSearch
from crm.services.errors import Refusal
from meetings.models import Registration
from meetings.permissions import can_plan
from meetings.services import registration_mails


@admin.register(Registration)
class RegistrationAdmin(PeopleSearch, VisibleAdmin, admin.ModelAdmin):
    list_display = (
        "name",
        "company_name",
        "contact_point",
        "meeting",
        "outcome",
        "is_verified",
        "source",
        "registered_at",
    )
    list_filter = ("state", ("verified_at", admin.EmptyFieldListFilter), "source", "meeting__kind")
    linked_filters = ("meeting__id__exact",)
    list_select_related = ("meeting", "contact_point", "seat")
    search_fields = ("name", "company_name", "contact_point__normalised", "meeting__title")
    date_hierarchy = "registered_at"
    actions = ("replace_links",)
    fields = (
        "meeting",
        "name",
        "company_name",
        "contact_point",
        "outcome",
        "verified_at",
        "language",
        "time_zone",
        "source",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "registered_at",
        "cancelled_at",
    )
    readonly_fields = fields

    @admin.display(description=_("state"), ordering="state")
    def outcome(self, row: Registration) -> str:
        return row.outcome

    @admin.display(description=_("verified"), boolean=True, ordering="verified_at")
    def is_verified(self, row: Registration) -> bool:
        return row.verified_at is not None

    def has_replace_permission(self, request: HttpRequest) -> bool:
        return can_plan(request.user)

    @admin.action(description=_("Make links void and send new ones"), permissions=["replace"])
    def replace_links(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        sent = 0
        for row in rows.select_related("meeting", "contact_point"):
            try:
                registration_mails.replace_link(registration=row, replaced_by=_staff(request))
                sent += 1
            except Refusal as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.WARNING)
        if sent:
            sentence = ngettext("%(n)d new link is sent.", "%(n)d new links are sent.", sent)
            self.message_user(request, sentence % {"n": sent}, messages.SUCCESS)


def _staff(request: HttpRequest) -> Any:
    """The signed-in colleague; the admin lets nobody else in."""
    return request.user
