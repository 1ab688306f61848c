"""What people allowed, as an append-only trace, and the addresses we never write to."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.contact import ContactPoint
from crm.querysets import AppendOnlyQuerySet, VisibleQuerySet


class Purpose(models.TextChoices):
    SERVICE = "service", _("Service")
    MARKETING = "marketing", _("Marketing")
    RECORDING = "recording", _("Recording")
    RESEARCH = "research", _("Research")


class ConsentChannel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    MEETING = "meeting", _("Meeting")


class ConsentState(models.TextChoices):
    GRANTED = "granted", _("Granted")
    PENDING = "pending", _("Waiting for confirmation")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ConsentEvent(models.Model):
    """One thing a person said about one purpose. Never changed: the last one counts."""

    contact_point = models.ForeignKey(
        ContactPoint,
        verbose_name=_("contact point"),
        on_delete=models.PROTECT,
        related_name="consents",
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    channel = models.CharField(
        _("channel"), max_length=10, choices=ConsentChannel, default=ConsentChannel.EMAIL
    )
    state = models.CharField(_("state"), max_length=10, choices=ConsentState)
    wording_version = models.CharField(_("wording"), max_length=40)
    source = models.CharField(_("source"), max_length=120)
    occurred_at = models.DateTimeField(_("when"), default=timezone.now)

    objects = AppendOnlyQuerySet["ConsentEvent"].as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ("-occurred_at", "-pk")
        indexes = [
            models.Index(
                fields=("contact_point", "purpose", "channel", "-id"), name="consent_by_point"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ConsentState.values), name="consent_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=Purpose.values), name="consent_purpose_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.get_state_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("ConsentEvent rows are written once and never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("ConsentEvent rows are never deleted.")


class Suppression(models.Model):
    """An address we do not write to, kept as a keyed hash: it outlives merge and erasure."""

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BOUNCED = "bounced", _("Does not exist")
        COMPLAINED = "complained", _("Complained")
        BLOCKED = "blocked", _("Blocked by us")

    digest = models.CharField(_("address (hashed)"), max_length=64)
    purpose = models.CharField(
        _("purpose"), max_length=10, blank=True, choices=Purpose, help_text=_("Empty: all mail.")
    )
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    since = models.DateTimeField(_("since"), default=timezone.now)

    objects = VisibleQuerySet["Suppression"].as_manager()

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ("-since",)
        constraints = [
            models.UniqueConstraint(fields=("digest", "purpose"), name="suppression_once"),
        ]

    def __str__(self) -> str:
        return f"{self.digest[:12]}… {self.get_reason_display()}"
