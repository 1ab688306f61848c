"""A person's word to come, tied to the address they gave."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meetings.models.choices import RegistrationSource, RegistrationState, languages
from meetings.models.meeting import Meeting
from meetings.querysets import RegistrationQuerySet


class Registration(models.Model):
    """Unique per meeting and address. The personal link is a signature over `public_id` and
    `link_version` and is stored nowhere; raising the version revokes every link sent before."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="registrations", verbose_name=_("meeting")
    )
    contact_point = models.ForeignKey(
        "crm.ContactPoint",
        on_delete=models.PROTECT,
        related_name="registrations",
        verbose_name=_("address"),
    )
    name = models.CharField(_("name"), max_length=120)
    company_name = models.CharField(_("company"), max_length=160, blank=True)
    language = models.CharField(_("language"), max_length=12, choices=languages, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64)
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=RegistrationState,
        default=RegistrationState.REGISTERED,
    )
    link_version = models.PositiveIntegerField(_("link version"), default=1, editable=False)
    mail_count = models.PositiveIntegerField(
        _("mails about this registration"), default=0, editable=False
    )
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    requested_consents = models.JSONField(
        _("consents ticked in the form"),
        default=dict,
        blank=True,
        editable=False,
        help_text=_("Purpose and version of the wording; they count once the address is verified."),
    )
    source = models.CharField(
        _("came through"),
        max_length=12,
        choices=RegistrationSource,
        default=RegistrationSource.PUBLIC,
    )
    utm_source = models.CharField(max_length=80, blank=True)
    utm_medium = models.CharField(max_length=80, blank=True)
    utm_campaign = models.CharField(max_length=80, blank=True)
    invited_by_delivery = models.ForeignKey(
        "crm.Delivery",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("invitation"),
    )
    registered_at = models.DateTimeField(_("registered"), auto_now_add=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-registered_at", "-pk"]
        indexes = [models.Index(fields=["meeting", "state"], name="meetings_reg_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "contact_point"], name="meetings_one_registration_per_address"
            ),
            models.CheckConstraint(
                condition=Q(state=RegistrationState.CANCELLED, cancelled_at__isnull=False)
                | Q(state=RegistrationState.REGISTERED, cancelled_at__isnull=True),
                name="meetings_reg_cancelled_has_time",
            ),
            models.CheckConstraint(
                condition=Q(link_version__gte=1), name="meetings_reg_has_link_version"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_cancelled(self) -> bool:
        return self.state == RegistrationState.CANCELLED

    @property
    def outcome(self) -> str:
        """The state in words; of a closed meeting, whether the person came."""
        if self.is_cancelled or not self.meeting.is_evaluated:
            return self.get_state_display()
        if self.verified_at is None:
            return gettext("not confirmed")
        seat = getattr(self, "seat", None)
        attended_s = (seat.attended_s or 0) if seat else 0
        if attended_s >= self.meeting.attended_from_s:
            return gettext("attended")
        return gettext("looked in") if attended_s else gettext("did not come")

    @property
    def subject_ref(self) -> str:
        return f"registration:{self.public_id}"

    @property
    def attended_minutes(self) -> int | None:
        """Whole minutes in the room; None while the meeting is not closed or nobody came."""
        seat = getattr(self, "seat", None)
        return None if seat is None or seat.attended_s is None else seat.attended_s // 60
