"""What the forms of upper apps offer to choose from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count

from crm.models import Channel, Purchase
from crm.selectors import organisation

if TYPE_CHECKING:
    from crm.models import User


@dataclass(frozen=True)
class ChannelChoice:
    id: int
    name: str


def list_channels(*, user: "User") -> list[ChannelChoice]:
    """Channels with or without spend, by name; those no longer in use as well."""
    channels = Channel.objects.visible_to(user).order_by("name")
    return [ChannelChoice(channel.pk, channel.name) for channel in channels]


def list_purchase_sources(*, user: "User") -> list[str]:
    """Where the purchases that `user` sees came from."""
    sources = Purchase.objects.visible_to(user).exclude(source="").order_by("source")
    return list(sources.values_list("source", flat=True).distinct())


def usual_currency(*, user: "User") -> str:
    """The currency of most purchases that `user` sees; the organisation's while there are none."""
    counted = Purchase.objects.visible_to(user).values("currency").annotate(number=Count("pk"))
    most = counted.order_by("-number", "currency").first()
    return str(most["currency"]) if most else organisation.current().currency
