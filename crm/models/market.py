"""Markets are regions times customer groups; their figures and competitors."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.querysets import VisibleQuerySet
from crm.validators import validate_currency, validate_region_code


class Region(models.Model):
    """A node in the tree of regions: a country, a part of one (ISO 3166), or a group of them."""

    code = models.CharField(
        _("code"),
        max_length=12,
        unique=True,
        validators=[validate_region_code],
        help_text=_("ISO 3166: DE, DE-BY, CN-SH; or a name in capitals for a group: APAC."),
    )
    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("part of"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )

    objects = VisibleQuerySet["Region"].as_manager()

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        above, seen = self.parent, {self.pk}
        while above is not None:
            if above.pk in seen:
                raise ValidationError({"parent": _("A region cannot be part of itself.")})
            seen.add(above.pk)
            above = above.parent


class CustomerGroup(models.Model):
    """Whom a market is about: hospitals, dealers, families with children."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)

    objects = VisibleQuerySet["CustomerGroup"].as_manager()

    class Meta:
        verbose_name = _("customer group")
        verbose_name_plural = _("customer groups")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Market(models.Model):
    """One customer group in one region, and whether we want it."""

    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        TARGET = "target", _("Target")
        DROPPED = "dropped", _("Dropped")

    region = models.ForeignKey(
        Region, verbose_name=_("region"), on_delete=models.PROTECT, related_name="markets"
    )
    customer_group = models.ForeignKey(
        CustomerGroup,
        verbose_name=_("customer group"),
        on_delete=models.PROTECT,
        related_name="markets",
    )
    name = models.CharField(
        _("name"), max_length=200, blank=True, help_text=_("Empty: region and customer group.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CANDIDATE)
    status_reason = models.CharField(_("reason for the status"), max_length=300, blank=True)
    status_on = models.DateField(_("status since"), null=True, blank=True)

    objects = VisibleQuerySet["Market"].as_manager()

    class Meta:
        verbose_name = _("market")
        verbose_name_plural = _("markets")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=("region", "customer_group"),
                name="market_once_per_region_and_group",
                violation_error_message=_("This market exists already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.region} · {self.customer_group}"


class MarketFigure(models.Model):
    """One figure of a market for one period, with its source. Two sources may disagree."""

    class Metric(models.TextChoices):
        SIZE = "size", _("Market size")
        POTENTIAL = "potential", _("Potential")
        MARGIN = "margin", _("Margin")
        OWN_SALES = "own_sales", _("Own sales (entered)")
        GROWTH = "growth", _("Growth")
        COMPETITOR_SALES = "competitor_sales", _("Competitors' sales")

    market = models.ForeignKey(
        Market, verbose_name=_("market"), on_delete=models.CASCADE, related_name="figures"
    )
    period_start = models.DateField(_("from"))
    period_end = models.DateField(_("until"), help_text=_("The last day of the period."))
    metric = models.CharField(_("metric"), max_length=20, choices=Metric)
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=4)
    unit = models.CharField(
        _("unit"), max_length=20, blank=True, help_text=_("Empty for money: give the currency.")
    )
    currency = models.CharField(
        _("currency"), max_length=3, blank=True, validators=[validate_currency]
    )
    source = models.CharField(_("source"), max_length=200)

    objects = VisibleQuerySet["MarketFigure"].as_manager()

    class Meta:
        verbose_name = _("market figure")
        verbose_name_plural = _("market figures")
        ordering = ("market", "-period_start", "metric")
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gte=F("period_start")),
                name="figure_period_runs_forward",
                violation_error_message=_("The period ends before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(unit="", currency__gt="") | Q(unit__gt="", currency=""),
                name="figure_has_unit_or_currency",
                violation_error_message=_("Give either a unit or a currency."),
            ),
            models.UniqueConstraint(
                fields=("market", "metric", "period_start", "period_end", "source"),
                name="figure_once_per_source",
                violation_error_message=_("This source has a figure for the period already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_metric_display()} {self.period_start}"


class Competitor(models.Model):
    """A company that sells in our markets."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    website = models.URLField(_("website"), blank=True)
    markets = models.ManyToManyField(
        Market, verbose_name=_("markets"), blank=True, related_name="competitors"
    )
    notes = models.TextField(_("notes"), blank=True)

    objects = VisibleQuerySet["Competitor"].as_manager()

    class Meta:
        verbose_name = _("competitor")
        verbose_name_plural = _("competitors")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
