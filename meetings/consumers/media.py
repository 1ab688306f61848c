"""Sound and picture of one person: requests go on to the relay."""

from media_relay import protocol as relay_protocol
from meetings import room_protocol as rp
from meetings.consumers.seat import SeatSocket
from meetings.database_threads import in_database
from meetings.relay_client import get_client
from meetings.services import room


class MediaRequests(SeatSocket):
    """The two peer connections, what is seen, and the person's own sources."""

    async def on_publish_offer(self, message: rp.PublishOffer) -> None:
        sdp = await get_client().publish_offer(self._room, self._name, message.sdp, message.sources)
        for source in set(message.sources.values()) & self._held_sources:
            await get_client().pause(self._room, self._name, source, paused=True)
        self.put(rp.PublishAnswer(id=message.id, sdp=sdp))

    async def on_subscribe(self, message: rp.Subscribe) -> None:
        await get_client().subscribe(self._room, self._name)
        self.put(rp.Ok(id=message.id))

    async def on_subscribe_answer(self, message: rp.SubscribeAnswer) -> None:
        await get_client().subscribe_answer(self._room, self._name, message.generation, message.sdp)
        self.put(rp.Ok(id=message.id))

    async def on_set_view(self, message: rp.SetView) -> None:
        tiles = tuple(
            relay_protocol.ViewTile(
                participant=tile.seat,
                source=tile.source,
                width=tile.width,
                height=tile.height,
                is_stage=tile.is_stage,
            )
            for tile in message.tiles
        )
        await get_client().set_view(self._room, self._name, tiles)
        self.put(rp.Ok(id=message.id))

    async def on_set_source(self, message: rp.SetSource) -> None:
        was_held = await in_database(room.set_source)(
            seat=self.seat, source=message.source, enabled=message.enabled
        )
        if was_held:
            self._held_sources.discard(message.source)
            await get_client().pause(self._room, self._name, message.source, paused=False)
        self.put(rp.Ok(id=message.id))
