"""How long a seat has talked, as the relays counted it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from meetings.models.seat import Seat
from meetings.querysets import TalkTimeQuerySet


class TalkTime(models.Model):
    """One tally of one seat. A relay begins a tally at zero each time it opens the room, so a
    seat's talk is the sum of its rows, and a repeated report changes nothing."""

    seat = models.ForeignKey(
        Seat, on_delete=models.CASCADE, related_name="talk_times", verbose_name=_("seat")
    )
    tally = models.CharField(
        _("tally"), max_length=128, help_text=_("The relay's name for one opening of the room.")
    )
    talked_s = models.FloatField(_("seconds talked"))
    rehearsed_s = models.FloatField(
        _("of these before the meeting was live"), default=0.0, help_text=_("These do not count.")
    )

    objects = TalkTimeQuerySet.as_manager()

    class Meta:
        verbose_name = _("talk time")
        verbose_name_plural = _("talk times")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seat", "tally"], name="meetings_one_talk_time_per_tally"
            ),
            models.CheckConstraint(
                condition=Q(rehearsed_s__gte=0, talked_s__gte=F("rehearsed_s")),
                name="meetings_talk_holds_rehearsal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.talked_s:.0f} s"
