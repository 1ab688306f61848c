"""Who an address belongs to: links that were made, and suggestions for people to decide."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.contact import Contact, ContactPoint
from crm.querysets import ThroughContactQuerySet


class IdentityLink(models.Model):
    """A contact point was linked to a contact; says which blanks were filled, for the undo."""

    contact_point = models.ForeignKey(
        ContactPoint,
        verbose_name=_("contact point"),
        on_delete=models.CASCADE,
        related_name="links",
    )
    contact = models.ForeignKey(
        Contact, verbose_name=_("contact"), on_delete=models.CASCADE, related_name="links"
    )
    created_contact = models.BooleanField(_("contact was created"), default=False)
    filled = models.JSONField(_("filled blanks"), default=dict)
    source = models.CharField(_("source"), max_length=120)
    linked_at = models.DateTimeField(_("linked"), default=timezone.now)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    objects = ThroughContactQuerySet["IdentityLink"].as_manager()

    class Meta:
        verbose_name = _("identity link")
        verbose_name_plural = _("identity links")
        ordering = ("-linked_at", "-pk")

    def __str__(self) -> str:
        return f"{self.contact_point} → {self.contact}"


class IdentitySuggestion(models.Model):
    """An address may belong to this contact; somebody has to look."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")

    contact_point = models.ForeignKey(
        ContactPoint,
        verbose_name=_("contact point"),
        on_delete=models.CASCADE,
        related_name="suggestions",
    )
    contact = models.ForeignKey(
        Contact,
        verbose_name=_("perhaps"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="suggestions",
    )
    name = models.CharField(_("name given"), max_length=200)
    company_name = models.CharField(_("company given"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=20)
    source = models.CharField(_("source"), max_length=120)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="decided_suggestions",
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    objects = ThroughContactQuerySet["IdentitySuggestion"].as_manager()

    class Meta:
        verbose_name = _("identity suggestion")
        verbose_name_plural = _("identity suggestions")
        ordering = ("state", "-created_at")
        constraints = [
            models.UniqueConstraint(
                fields=("contact_point", "contact"),
                name="suggestion_once",
                violation_error_message=_("This was suggested already."),
            ),
            models.UniqueConstraint(
                fields=("contact_point",),
                name="suggestion_without_contact_once",
                condition=models.Q(contact__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.contact_point}>"
