"""Channels, campaigns and what was spent on them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.querysets import VisibleQuerySet
from crm.validators import validate_currency, validate_first_of_month


class Channel(models.Model):
    """A way to reach people, and where money goes."""

    class Kind(models.TextChoices):
        ADS = "ads", _("Online ads")
        SOCIAL = "social", _("Social media")
        MAIL = "mail", _("Mail")
        FORUM = "forum", _("Forum")
        EVENT = "event", _("Offline event")
        PARTNER = "partner", _("Partner")

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = VisibleQuerySet["Channel"].as_manager()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """Channels, meetings and money joined for one purpose."""

    name = models.CharField(_("name"), max_length=200)
    channels = models.ManyToManyField(
        Channel, verbose_name=_("channels"), blank=True, related_name="campaigns"
    )
    market = models.ForeignKey(
        "crm.Market",
        verbose_name=_("market"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="campaigns",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="campaigns",
    )
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = VisibleQuerySet["Campaign"].as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ("-starts_on", "name")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="campaign_runs_forward",
                violation_error_message=_("The campaign ends before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Spend(models.Model):
    """Money spent on a channel in one month."""

    channel = models.ForeignKey(
        Channel, verbose_name=_("channel"), on_delete=models.PROTECT, related_name="spends"
    )
    campaign = models.ForeignKey(
        Campaign,
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="spends",
    )
    market = models.ForeignKey(
        "crm.Market",
        verbose_name=_("market"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="spends",
    )
    month = models.DateField(
        _("month"), validators=[validate_first_of_month], help_text=_("Its first day.")
    )
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = VisibleQuerySet["Spend"].as_manager()

    class Meta:
        verbose_name = _("spend")
        verbose_name_plural = _("spend")
        ordering = ("-month", "channel")
        indexes = [models.Index(fields=("currency", "month"), name="spend_by_month")]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="spend_not_negative",
                violation_error_message=_("Spend cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(month__day=1),
                name="spend_on_first_of_month",
                violation_error_message=_("Give the first day of the month."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount} {self.currency}"
