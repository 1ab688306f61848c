"""Which relay a room is on: one row, so that all web processes put its people on the same one."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting


class RelayPlace(models.Model):
    """Made at the first join; changed only from the relay that the writer has read here."""

    meeting = models.OneToOneField(
        Meeting,
        to_field="public_id",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="relay_place",
        verbose_name=_("meeting"),
    )
    relay = models.CharField(_("relay"), max_length=255, help_text=_("Its control address."))
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("place of a room")
        verbose_name_plural = _("places of rooms")

    def __str__(self) -> str:
        return f"{self.meeting_id}: {self.relay}"
