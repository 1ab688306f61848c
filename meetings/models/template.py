"""What a kind of meeting starts with: defaults that every meeting may change."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.querysets import VisibleQuerySet
from meetings.models.choices import MeetingKind, RecordingPolicy, Visibility


def default_weights() -> dict[str, str]:
    """Exact decimals as text; they add up to 1."""
    return {"attendance": "0.4", "interaction": "0.3", "satisfaction": "0.3"}


def weights_add_up(weights: dict[str, Any]) -> bool:
    """Whether the weights are the three known indicators and add up to exactly 1."""
    if set(weights) != set(default_weights()):
        return False
    values = [Decimal(str(value)) for value in weights.values()]
    return all(value >= 0 for value in values) and sum(values) == Decimal(1)


class MeetingTemplate(models.Model):
    """Defaults and agenda of one kind. `agenda`: [{"title": {language: text}, "duration_min"}]."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=MeetingKind)
    is_default = models.BooleanField(_("default of its kind"), default=False)
    duration_min = models.PositiveIntegerField(_("length in minutes"), default=60)
    capacity = models.PositiveIntegerField(_("capacity"), default=100)
    visibility = models.CharField(
        _("visibility"), max_length=12, choices=Visibility, default=Visibility.LINK
    )
    has_lobby = models.BooleanField(_("lobby"), default=False)
    recording_policy = models.CharField(
        _("recording"), max_length=12, choices=RecordingPolicy, default=RecordingPolicy.NEVER
    )
    weights = models.JSONField(_("score weights"), default=default_weights)
    agenda = models.JSONField(_("agenda"), default=list, blank=True)

    objects = VisibleQuerySet["MeetingTemplate"].as_manager()

    class Meta:
        verbose_name = _("meeting template")
        verbose_name_plural = _("meeting templates")
        ordering = ["kind", "-is_default", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(is_default=True), name="meetings_one_default_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(duration_min__gte=5), name="meetings_template_has_length"
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1), name="meetings_template_has_capacity"
            ),
        ]

    def __str__(self) -> str:
        return self.name
