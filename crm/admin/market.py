"""Markets with their figures, and who else sells there."""

from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.admin.base import MarketFilter, VisibleAdmin, VisibleTable, badge
from crm.models import Competitor, CustomerGroup, Market, MarketFigure, Region

_STATUS_TONES = {"candidate": "neutral", "target": "good", "dropped": "bad"}


class MarketFigureInline(VisibleTable):
    model = MarketFigure
    fields = ("metric", "period_start", "period_end", "value", "unit", "currency", "source")


@admin.register(Market)
class MarketAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("__str__", "region", "customer_group", "status_badge", "contact_count")
    list_display_links = ("__str__",)
    list_filter = ("status", ("customer_group", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("region", "customer_group")
    search_fields = ("name", "region__name", "customer_group__name")
    autocomplete_fields = ("region", "customer_group")
    ordering = ("region__name", "customer_group__name")
    inlines = (MarketFigureInline,)
    fieldsets = (
        (None, {"fields": ("region", "customer_group", "name")}),
        (_("Decision"), {"fields": ("status", "status_on", "status_reason")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Market]:
        # Names of a market without one are made of both relations: in autocompletes, too.
        markets = super().get_queryset(request).select_related("region", "customer_group")
        return markets.annotate(n_contacts=Count("contacts"))

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, market: Market) -> SafeString:
        return badge(market.get_status_display(), _STATUS_TONES[market.status])

    @admin.display(description=_("contacts"), ordering="n_contacts")
    def contact_count(self, market: Market) -> int:
        return int(getattr(market, "n_contacts", 0))


@admin.register(MarketFigure)
class MarketFigureAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = (
        "market",
        "metric",
        "period_start",
        "period_end",
        "value",
        "unit",
        "currency",
        "source",
    )
    list_filter = ("metric", ("market", MarketFilter))
    list_select_related = ("market__region", "market__customer_group")
    search_fields = ("source", "market__name", "market__region__name")
    autocomplete_fields = ("market",)
    date_hierarchy = "period_start"


@admin.register(Region)
class RegionAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "code", "parent")
    list_select_related = ("parent",)
    search_fields = ("name", "code__startswith")
    autocomplete_fields = ("parent",)


@admin.register(CustomerGroup)
class CustomerGroupAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "description")
    search_fields = ("name",)


@admin.register(Competitor)
class CompetitorAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "website")
    search_fields = ("name",)
    autocomplete_fields = ("markets",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
