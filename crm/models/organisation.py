"""Who runs this system: one row. What is left empty follows the settings."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.team import LANGUAGES
from crm.querysets import VisibleQuerySet
from crm.validators import normalise_name, validate_base_url, validate_currency, validate_time_zone

ONLY_ROW = 1


class Organisation(models.Model):
    """Name, sender, address, currency and logo of the organisation."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ROW, editable=False)
    name = models.CharField(
        _("name of the organisation"),
        max_length=80,
        blank=True,
        help_text=_("Stands at the head of pages and mails."),
    )
    logo = models.FileField(
        _("logo"), upload_to="organisation/", max_length=200, blank=True, editable=False
    )
    sender_name = models.CharField(
        _("name of the sender"),
        max_length=80,
        blank=True,
        help_text=_("Who the mails come from. Empty: the organisation."),
    )
    sender_address = models.EmailField(
        _("address of the sender"),
        blank=True,
        help_text=_("Your mail server must be allowed to send for it."),
    )
    base_url = models.CharField(
        _("address of this system"),
        max_length=200,
        blank=True,
        validators=[validate_base_url],
        help_text=_("Links in mails and invitations begin with it."),
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        blank=True,
        validators=[validate_currency],
        help_text=_("Three capital letters (ISO 4217), for example EUR or CNY."),
    )
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )

    objects = VisibleQuerySet["Organisation"].as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisation")
        constraints = [models.CheckConstraint(condition=Q(id=ONLY_ROW), name="one_organisation")]

    def __str__(self) -> str:
        return self.name or str(_("Your organisation"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = normalise_name(self.name)
        self.sender_name = normalise_name(self.sender_name)
        self.base_url = self.base_url.rstrip("/")
        super().save(*args, **kwargs)
