"""The one truth about which relay a room is on.

Whoever comes first decides (a unique key), and a move counts only when the room still is where
the mover believed it to be (a conditional update). Each answer is what is true afterwards, so
that processes that disagreed for a moment agree by reading it.
"""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from meetings.database_threads import in_database
from meetings.models import RelayPlace


def find_places(*, rooms: Collection[str]) -> dict[str, str]:
    """Room to relay, of those rooms that have a place."""
    known = RelayPlace.objects.filter(meeting_id__in=list(rooms))
    return {str(room): relay for room, relay in known.values_list("meeting_id", "relay")}


def settle_place(*, room: str, relay: str) -> str:
    """Put the room on this relay unless it has a place already."""
    with transaction.atomic():
        place, _is_new = RelayPlace.objects.get_or_create(
            meeting_id=room, defaults={"relay": relay}
        )
    return place.relay


def move_place(*, room: str, relay: str, to: str) -> str:
    """Move the room from `relay` to another one, unless somebody else has moved it."""
    with transaction.atomic():
        places = RelayPlace.objects.filter(meeting_id=room)
        places.filter(relay=relay).update(relay=to, since=timezone.now())
        known = places.values_list("relay", flat=True).first()
    return known or settle_place(room=room, relay=to)  # its meeting ended, and goes on


def clear_place(*, room: str) -> None:
    """The meeting is over; should it open again, the least loaded relay is looked for anew."""
    RelayPlace.objects.filter(meeting_id=room).delete()


class StoredPlaces:
    """The same for the event loop."""

    async def find(self, rooms: Collection[str]) -> dict[str, str]:
        return await in_database(find_places)(rooms=rooms)

    async def settle(self, room: str, relay: str) -> str:
        return await in_database(settle_place)(room=room, relay=relay)

    async def move(self, room: str, relay: str, to: str) -> str:
        return await in_database(move_place)(room=room, relay=relay, to=to)

    async def clear(self, room: str) -> None:
        await in_database(clear_place)(room=room)
