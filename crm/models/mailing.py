"""Every mail the system sends: one delivery per mail, mailings for many at once."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.consent import Purpose
from crm.models.contact import ContactPoint
from crm.querysets import DeliveryQuerySet, MailingQuerySet
from crm.sealing import SealBroken, seal, unseal


class Mailing(models.Model):
    """One mail to many people. Its recipients are written down when it is created."""

    class State(models.TextChoices):
        EXPANDING = "expanding", _("Being prepared")
        EXPANDED = "expanded", _("Handed to the outbox")
        CANCELLED = "cancelled", _("Cancelled")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="mailings",
    )
    composer = models.CharField(max_length=80)
    parameters = models.JSONField(default=dict, blank=True)
    consent_purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    subject_ref = models.CharField(max_length=120, blank=True)
    purpose_key_prefix = models.CharField(max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.EXPANDING)
    recipient_count = models.PositiveIntegerField(_("recipients"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expanded_at = models.DateTimeField(_("prepared"), null=True, blank=True)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = MailingQuerySet["Mailing"].as_manager()

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.title or self.purpose_key_prefix


class MailingRecipient(models.Model):
    """One address of a mailing's snapshot, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ENQUEUED = "enqueued", _("In the outbox")
        SKIPPED = "skipped", _("Left out")

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="recipients")
    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.CASCADE, related_name="mailing_entries"
    )
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("mailing", "contact_point"), name="recipient_once_per_mailing"
            ),
        ]
        indexes = [models.Index(fields=("mailing", "state", "id"), name="recipient_waiting")]


class Delivery(models.Model):
    """One mail to one address: what it is for, how far it got, and what was sent."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        CLAIMED = "claimed", _("Being sent")
        SENT = "sent", _("Sent")
        DEFERRED = "deferred", _("Tried, will be tried again")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Perhaps sent")
        SUPPRESSED = "suppressed", _("Not allowed")

    class Reason(models.TextChoices):
        WORKER_LOST = "worker_lost", _("The worker was lost while handing over the mail")
        NOT_ALLOWED = "not_allowed", _("Consent is missing, or the address is suppressed")
        NOT_NEEDED = "not_needed", _("The mail has become pointless")
        COMPOSING = "composing", _("The mail could not be written")
        UNREACHABLE = "unreachable", _("The mail server cannot be reached")
        SERVER_ANSWER = "server_answer", _("The mail server refused")
        CONNECTION_BROKE = "connection_broke", _("The line broke while handing over the mail")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose_key = models.CharField(_("purpose key"), max_length=200)
    address = models.CharField(_("to"), max_length=254)
    composer = models.CharField(max_length=80)
    parameters = models.JSONField(default=dict, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    consent_purpose = models.CharField(
        _("purpose"), max_length=10, choices=Purpose, default=Purpose.SERVICE
    )
    contact_point = models.ForeignKey(
        ContactPoint,
        verbose_name=_("contact point"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="deliveries",
    )
    mailing = models.ForeignKey(
        Mailing,
        verbose_name=_("mailing"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="deliveries",
    )
    subject_ref = models.CharField(max_length=120, blank=True)
    is_demo = models.BooleanField(_("demonstration"), default=False)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    wake_at = models.DateTimeField(
        default=timezone.now, help_text="When the sweep wakes the row (again)."
    )
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    handed_over_at = models.DateTimeField(
        null=True, blank=True, help_text="When handing over to the mail server began."
    )
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=16, choices=Reason, blank=True)
    error = models.TextField(
        _("details"), blank=True, help_text="The server's own words, never translated."
    )
    subject = models.CharField(_("subject"), max_length=400, blank=True)
    # Read and written through `read_mime` and `keep_mime` only.
    mime = models.BinaryField(null=True, blank=True)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = DeliveryQuerySet["Delivery"].as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("outbox")
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=("purpose_key", "address"), name="delivery_once"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=(
                        "queued",
                        "claimed",
                        "sent",
                        "deferred",
                        "failed",
                        "unknown",
                        "suppressed",
                    )
                ),
                name="delivery_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False),
                name="delivery_sent_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=("state", "wake_at"), name="delivery_to_wake"),
            models.Index(fields=("-created_at", "-id"), name="delivery_newest"),
            models.Index(fields=("subject_ref",), name="delivery_by_subject"),
        ]

    def __str__(self) -> str:
        return self.subject or self.purpose_key

    def keep_mime(self, mime: bytes) -> None:
        """Hold the finished mail, which carries personal links, as it may stand in the row."""
        self.mime = mime if self.is_demo else seal(mime)

    def read_mime(self) -> bytes | None:
        """The finished mail; None while it is not written, and once it is not kept any more."""
        if self.mime is None:
            return None
        try:
            return unseal(bytes(self.mime))
        except SealBroken:
            return None
