"""The organisation in the administration: one page, for administrators."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.admin.base import VisibleAdmin
from crm.models import Organisation
from crm.models.organisation import ONLY_ROW
from crm.permissions import can_edit_organisation
from crm.services.organisation import change_organisation
from vmcrm.organisation_forms import OrganisationForm


@admin.register(Organisation)
class OrganisationAdmin(VisibleAdmin, admin.ModelAdmin):
    form = OrganisationForm

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        has_logo = obj is not None and bool(obj.logo)
        return (
            (None, {"fields": ("name", "new_logo", *(["drop_logo"] if has_logo else []))}),
            (
                _("Mails and links"),
                {"fields": ("sender_name", "sender_address", "base_url")},
            ),
            (
                _("What new records start with"),
                {"fields": ("currency", "language", "time_zone")},
            ),
        )

    def can_view(self, user: Any, record: Any) -> bool:
        return can_edit_organisation(user)

    def can_add(self, user: Any) -> bool:
        return False

    def can_change(self, user: Any, record: Any) -> bool:
        return can_edit_organisation(user)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one row: straight to it."""
        return HttpResponseRedirect(reverse("admin:crm_organisation_change", args=[ONLY_ROW]))

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        change_organisation(
            changed=obj,
            new_logo=form.cleaned_data["new_logo"],
            drop_logo=form.cleaned_data.get("drop_logo", False),
        )
