"""What we sell and who bought it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.contact import Company, Contact
from crm.querysets import PurchaseQuerySet, VisibleQuerySet
from crm.validators import validate_currency


class Product(models.Model):
    """Something we sell."""

    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    is_active = models.BooleanField(_("on sale"), default=True)

    objects = VisibleQuerySet["Product"].as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Purchase(models.Model):
    """A contact or a company bought something on a day."""

    contact = models.ForeignKey(
        Contact,
        verbose_name=_("contact"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="purchases",
    )
    company = models.ForeignKey(
        Company,
        verbose_name=_("company"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="purchases",
    )
    product = models.ForeignKey(
        Product,
        verbose_name=_("product"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="purchases",
    )
    purchased_on = models.DateField(_("date"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3, default=1)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    source = models.CharField(_("source"), max_length=60, default="manual")
    source_key = models.CharField(
        max_length=120, unique=True, null=True, blank=True, editable=False
    )

    objects = PurchaseQuerySet["Purchase"].as_manager()

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        ordering = ("-purchased_on", "-pk")
        indexes = [
            models.Index(fields=("contact", "purchased_on"), name="purchase_by_contact"),
            models.Index(fields=("currency", "purchased_on"), name="purchase_by_day"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(contact__isnull=False) | Q(company__isnull=False),
                name="purchase_has_buyer",
                violation_error_message=_("Give a contact or a company."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purchased_on} {self.amount} {self.currency}"
