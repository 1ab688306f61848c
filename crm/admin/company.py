"""Companies with the people who belong to them."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.admin.base import VisibleAdmin
from crm.models import Company


@admin.register(Company)
class CompanyAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "domain", "owner", "contact_count")
    list_select_related = ("owner",)
    list_filter = (("owner", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name",)
    search_help_text = _("Name or mail domain")
    ordering = ("name", "pk")  # counting drops the model's own
    autocomplete_fields = ("owner", "team")
    fields = ("name", "domain", "owner", "team", "created_at")
    readonly_fields = ("created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        return super().get_queryset(request).annotate(n_contacts=Count("contacts"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Company], search_term: str
    ) -> tuple[QuerySet[Company], bool]:
        if not search_term.strip():
            return queryset, False
        found = Company.objects.search(search_term)
        return queryset.filter(pk__in=found.values("pk")), False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        user: Any = request.user
        own = {"owner": user.pk, "team": user.team_id}
        return {**own, **super().get_changeform_initial_data(request)}

    @admin.display(description=_("contacts"), ordering="n_contacts")
    def contact_count(self, company: Any) -> int:
        return int(company.n_contacts)
