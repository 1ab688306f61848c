"""Products and purchases."""

from django.contrib import admin
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from crm.admin.base import VisibleAdmin
from crm.models import Product, Purchase


@admin.register(Product)
class ProductAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = ("name", "code", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "code__startswith")


@admin.register(Purchase)
class PurchaseAdmin(VisibleAdmin, admin.ModelAdmin):
    list_display = (
        "purchased_on",
        "contact",
        "company",
        "product",
        "amount_with_currency",
        "source",
    )
    list_filter = ("source", "currency", ("product", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("contact", "company", "product")
    search_fields = ("contact__name", "company__name", "product__name")
    autocomplete_fields = ("contact", "company", "product")
    date_hierarchy = "purchased_on"
    fields = (
        "contact",
        "company",
        "product",
        "purchased_on",
        "quantity",
        ("amount", "currency"),
        "source",
    )
    readonly_fields = ("source",)

    @admin.display(description=_("amount"), ordering="amount")
    def amount_with_currency(self, purchase: Purchase) -> str:
        return f"{number_format(purchase.amount, 2)} {purchase.currency}"
