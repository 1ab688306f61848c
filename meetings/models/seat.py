"""A place in the room: of a registration, or of a member of staff."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meetings.models.choices import SeatRole, SeatState
from meetings.models.meeting import Meeting
from meetings.models.registration import Registration
from meetings.querysets import SeatQuerySet


def minutes_and_seconds(duration_s: float) -> str:
    """As a player shows a length: 3:07."""
    minutes, seconds = divmod(round(duration_s), 60)
    return f"{minutes}:{seconds:02}"


class Seat(models.Model):
    """One per registration and one per staff user in a meeting; the identity in the room."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="seats", verbose_name=_("meeting")
    )
    registration = models.OneToOneField(
        Registration,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="seat",
        verbose_name=_("registration"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="seats",
        verbose_name=_("user"),
    )
    role = models.CharField(_("role"), max_length=12, choices=SeatRole)
    display_name = models.CharField(_("name in the room"), max_length=120)
    state = models.CharField(_("state"), max_length=12, choices=SeatState)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    admitted_at = models.DateTimeField(_("admitted"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    recording_answer = models.BooleanField(
        _("may be recorded"),
        null=True,
        blank=True,
        help_text=_("What the person said in the room; empty: what the registration says counts."),
    )
    closing_rating = models.PositiveSmallIntegerField(_("closing rating"), null=True, blank=True)
    rated_at = models.DateTimeField(_("rated"), null=True, blank=True)
    attended_s = models.PositiveIntegerField(
        _("seconds attended"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Written when the meeting is closed."),
    )
    talked_s = models.PositiveIntegerField(
        _("seconds talked"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Written when the meeting is closed."),
    )
    engagement_points = models.PositiveIntegerField(
        _("engagement points"), null=True, blank=True, editable=False
    )
    engagement_parts = models.JSONField(
        _("parts of the engagement points"), default=list, blank=True, editable=False
    )

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ["pk"]
        indexes = [models.Index(fields=["meeting", "state"], name="meetings_seat_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "user"],
                condition=Q(user__isnull=False),
                name="meetings_one_seat_per_user",
            ),
            models.CheckConstraint(
                condition=Q(registration__isnull=False, user__isnull=True)
                | Q(registration__isnull=True, user__isnull=False),
                name="meetings_seat_of_one_person",
            ),
            models.CheckConstraint(
                condition=Q(closing_rating__isnull=True)
                | Q(closing_rating__gte=1, closing_rating__lte=5),
                name="meetings_rating_from_1_to_5",
            ),
            models.CheckConstraint(
                condition=Q(role__in=SeatRole.values), name="meetings_seat_known_role"
            ),
            models.CheckConstraint(
                condition=Q(state__in=SeatState.values), name="meetings_seat_known_state"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_host(self) -> bool:
        """Hosts and co-hosts run the room."""
        return self.role in {SeatRole.HOST, SeatRole.CO_HOST}

    @property
    def talk_length(self) -> str | None:
        """Minutes and seconds talked; None while the meeting is not closed."""
        return None if self.talked_s is None else minutes_and_seconds(self.talked_s)

    @property
    def is_admitted(self) -> bool:
        return self.state == SeatState.ADMITTED

    @property
    def is_removed(self) -> bool:
        return self.state == SeatState.REMOVED
