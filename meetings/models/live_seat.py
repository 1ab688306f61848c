"""What is true of a seat only while the room runs: its socket, its switches, its place."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.seat import Seat


class LiveSeat(models.Model):
    """The hot row beside a seat, made when its person first says hello.

    Every web process reads the room from here, so that a snapshot does not depend on which
    process a socket reached, and a process that dies leaves nothing but an old `seen_at`.
    """

    seat = models.OneToOneField(
        Seat,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="live",
        verbose_name=_("seat"),
    )
    connection = models.CharField(
        _("socket"),
        max_length=32,
        blank=True,
        help_text=_("The one socket that speaks for this seat; empty while there is none."),
    )
    seen_at = models.DateTimeField(_("last sign of life"), default=timezone.now)
    is_present = models.BooleanField(_("in the room"), default=False)
    sources = models.JSONField(_("switched on"), default=list, blank=True)
    held_sources = models.JSONField(
        _("switched off by a host"),
        default=list,
        blank=True,
        help_text=_("The relay does not forward these until the person switches them on again."),
    )
    changed_sequence = models.PositiveBigIntegerField(
        _("room sequence of the last change"), default=0
    )

    class Meta:
        verbose_name = _("live seat")
        verbose_name_plural = _("live seats")
        indexes = [
            models.Index(
                fields=["seen_at"], condition=Q(is_present=True), name="meetings_present_by_seen"
            )
        ]

    def __str__(self) -> str:
        return str(self.seat)
