"""Attendance spans: who was in the room from when to when, in UTC."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from meetings.models.seat import Seat
from meetings.querysets import PresenceQuerySet


class PresenceInterval(models.Model):
    """One stay of a seat. At most one is open; `seen_at` bounds it when a process died."""

    seat = models.ForeignKey(
        Seat, on_delete=models.CASCADE, related_name="presence", verbose_name=_("seat")
    )
    joined_at = models.DateTimeField(_("joined"))
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    reason = models.CharField(_("why it ended"), max_length=24, blank=True)
    is_rehearsal = models.BooleanField(_("rehearsal"), default=False)

    objects = PresenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("presence interval")
        verbose_name_plural = _("presence intervals")
        ordering = ["joined_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")),
                name="meetings_left_after_joining",
            ),
            models.UniqueConstraint(
                fields=["seat"],
                condition=Q(left_at__isnull=True),
                name="meetings_one_open_interval_per_seat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.joined_at:%Y-%m-%d %H:%M:%S} – {self.left_at or '…'}"
