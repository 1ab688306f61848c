"""Channels, campaigns and spend."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy as _

from crm.admin.base import MarketFilter, VisibleAdmin
from crm.models import Campaign, Channel, Spend


@admin.register(Channel)
class ChannelAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "kind", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("name",)


@admin.register(Campaign)
class CampaignAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "market", "starts_on", "ends_on", "owner")
    list_filter = (("market", MarketFilter), "channels")
    list_select_related = ("market__region", "market__customer_group", "owner")
    search_fields = ("name",)
    autocomplete_fields = ("market", "owner", "channels")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}


@admin.register(Spend)
class SpendAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("month_name", "channel", "amount_with_currency", "campaign", "market")
    list_filter = (
        ("channel", admin.RelatedOnlyFieldListFilter),
        "currency",
        ("campaign", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = (
        "channel",
        "campaign",
        "market__region",
        "market__customer_group",
    )
    search_fields = ("channel__name", "campaign__name", "note")
    autocomplete_fields = ("channel", "campaign", "market")
    date_hierarchy = "month"

    @admin.display(description=_("month"), ordering="month")
    def month_name(self, spend: Spend) -> str:
        return date_format(spend.month, "YEAR_MONTH_FORMAT")

    @admin.display(description=_("amount"), ordering="amount")
    def amount_with_currency(self, spend: Spend) -> str:
        return f"{number_format(spend.amount, 2)} {spend.currency}"
