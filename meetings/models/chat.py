"""What was written in the room's chat."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting
from meetings.models.seat import Seat
from meetings.querysets import ChatQuerySet


class ChatMessage(models.Model):
    """One line. `client_id` makes a retry harmless, `sequence` is the room's number."""

    meeting = models.ForeignKey(
        Meeting, on_delete=models.CASCADE, related_name="chat", verbose_name=_("meeting")
    )
    seat = models.ForeignKey(
        Seat, on_delete=models.CASCADE, related_name="chat", verbose_name=_("seat")
    )
    client_id = models.UUIDField(_("client id"))
    text = models.TextField(_("text"), max_length=4000)
    sequence = models.PositiveBigIntegerField(_("sequence"))
    sent_at = models.DateTimeField(_("sent"))
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    objects = ChatQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat message")
        verbose_name_plural = _("chat messages")
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["seat", "client_id"], name="meetings_one_chat_line_per_client_id"
            ),
            models.UniqueConstraint(
                fields=["meeting", "sequence"], name="meetings_one_chat_line_per_sequence"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
