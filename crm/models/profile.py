"""What is known about a person: single facts with their source, and the profile made of them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.contact import Contact
from crm.querysets import ThroughContactQuerySet


class ContactProfile(models.Model):
    """The facts that count, one row per contact; rewritten whenever a fact is recorded."""

    contact = models.OneToOneField(
        Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="profile"
    )
    birth_year = models.PositiveSmallIntegerField(_("birth year"), null=True, blank=True)
    gender = models.CharField(_("gender"), max_length=20, blank=True)
    occupation = models.CharField(_("occupation"), max_length=120, blank=True)
    income_band = models.CharField(_("income band"), max_length=40, blank=True)
    interests = models.JSONField(_("interests"), default=list, blank=True)
    buying_habit = models.CharField(_("buying habit"), max_length=120, blank=True)
    region = models.ForeignKey(
        "crm.Region",
        verbose_name=_("region"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="profiles",
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ThroughContactQuerySet["ContactProfile"].as_manager()

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        constraints = [
            models.CheckConstraint(
                condition=Q(birth_year__isnull=True) | Q(birth_year__range=(1880, 2100)),
                name="profile_birth_year_plausible",
                violation_error_message=_("The birth year must lie between 1880 and 2100."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.contact)


class ProfileFact(models.Model):
    """One statement about a person. Contradicting ones stay beside each other."""

    class Key(models.TextChoices):
        BIRTH_YEAR = "birth_year", _("Birth year")
        GENDER = "gender", _("Gender")
        OCCUPATION = "occupation", _("Occupation")
        INCOME_BAND = "income_band", _("Income band")
        INTERESTS = "interests", _("Interests")
        BUYING_HABIT = "buying_habit", _("Buying habit")
        REGION = "region", _("Region")

    class Source(models.TextChoices):
        REGISTRATION = "registration", _("Registration")
        POLL = "poll", _("Poll")
        SURVEY = "survey", _("Survey")
        REP = "rep", _("Sales staff")
        IMPORT = "import", _("Import")

    contact = models.ForeignKey(
        Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="facts"
    )
    key = models.CharField(_("fact"), max_length=20, choices=Key)
    value = models.JSONField(_("value"))
    source = models.CharField(_("source"), max_length=12, choices=Source)
    source_ref = models.CharField(max_length=120, blank=True)
    confidence = models.DecimalField(
        _("confidence"),
        max_digits=3,
        decimal_places=2,
        default=1,
        help_text=_("From 0 (guessed) to 1 (said by the person)."),
    )
    consent_purpose = models.CharField(_("collected for"), max_length=12, default="service")
    observed_at = models.DateTimeField(_("known since"), default=timezone.now)

    objects = ThroughContactQuerySet["ProfileFact"].as_manager()

    class Meta:
        verbose_name = _("profile fact")
        verbose_name_plural = _("profile facts")
        ordering = ("key", "-confidence", "-observed_at", "-pk")
        indexes = [models.Index(fields=("contact", "key"), name="fact_by_contact")]
        constraints = [
            models.CheckConstraint(
                condition=Q(confidence__range=(0, 1)),
                name="fact_confidence_is_share",
                violation_error_message=_("The confidence lies between 0 and 1."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_key_display()}: {self.shown_value}"

    @property
    def shown_value(self) -> str:
        return ", ".join(self.value) if isinstance(self.value, list) else str(self.value)
