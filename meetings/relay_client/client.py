"""What can be asked of the relay where a room is: one method for each request."""

import asyncio
from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from django.conf import settings

from media_relay import protocol
from meetings.relay_client.errors import RelayRefused
from meetings.relay_client.people import Listener, TalkListener
from meetings.relay_client.placement import Placement, Places
from meetings.relay_client.requests import fresh_id


class RelayClient:
    """All relays of this process's event loop; finds the right one for each room."""

    def __init__(
        self,
        urls: Sequence[str],
        secret: str,
        places: Places | None = None,
        on_talk: TalkListener | None = None,
    ) -> None:
        self._placement = Placement(urls, secret, places, on_talk)

    async def join(
        self, room: str, participant: str, sources: tuple[protocol.Source, ...], listener: Listener
    ) -> None:
        """Put the participant into the room and send its events to `listener`."""
        await self._placement.join(room, participant, sources, listener)

    def forget(self, room: str, participant: str, listener: Listener) -> None:
        """Stop listening, unless somebody else has taken the participant over."""
        self._placement.forget(room, participant, listener)

    async def leave(self, room: str, participant: str) -> None:
        """Take the participant out; that it is out already is as good."""
        await self._ask_gone(
            room, protocol.LeaveRoom(id=fresh_id(), room=room, participant=participant)
        )

    async def close_room(self, room: str) -> None:
        await self._ask_gone(room, protocol.CloseRoom(id=fresh_id(), room=room))
        await self._placement.clear(room)

    async def _ask_gone(self, room: str, request: protocol.Request) -> None:
        if await self._placement.is_nowhere(room):
            return
        try:
            await self._placement.ask(room, request)
        except RelayRefused as error:
            if error.code not in {"unknown_room", "unknown_participant"}:
                raise

    async def set_permissions(
        self, room: str, participant: str, sources: tuple[protocol.Source, ...]
    ) -> None:
        await self._ask_gone(
            room,
            protocol.SetPermissions(
                id=fresh_id(), room=room, participant=participant, may_publish=sources
            ),
        )

    async def publish_offer(
        self, room: str, participant: str, sdp: str, sources: dict[str, protocol.Source]
    ) -> str:
        """The SDP of the relay's answer."""
        answer = await self._placement.ask(
            room,
            protocol.PublishOffer(
                id=fresh_id(), room=room, participant=participant, sdp=sdp, sources=sources
            ),
        )
        if not isinstance(answer, protocol.PublishAnswer):
            raise RelayRefused("internal", f"unexpected answer {answer.TYPE}")
        return answer.sdp

    async def subscribe(self, room: str, participant: str) -> None:
        await self._placement.ask(
            room, protocol.Subscribe(id=fresh_id(), room=room, participant=participant)
        )

    async def subscribe_answer(
        self, room: str, participant: str, generation: int, sdp: str
    ) -> None:
        await self._placement.ask(
            room,
            protocol.SubscribeAnswer(
                id=fresh_id(),
                room=room,
                participant=participant,
                generation=generation,
                sdp=sdp,
            ),
        )

    async def set_view(
        self, room: str, participant: str, tiles: tuple[protocol.ViewTile, ...]
    ) -> None:
        """What the participant sees; somebody who is not there sees nothing anyway."""
        await self._ask_gone(
            room,
            protocol.SetView(id=fresh_id(), room=room, participant=participant, tiles=tiles),
        )

    async def pause(
        self, room: str, participant: str, source: protocol.Source, *, paused: bool
    ) -> None:
        """Stop or resume forwarding; somebody who is not there is silent anyway."""
        await self._ask_gone(
            room,
            protocol.PausePublication(
                id=fresh_id(), room=room, participant=participant, source=source, paused=paused
            ),
        )

    def epoch_of(self, room: str) -> str:
        """Which life of the room's relay we last spoke to."""
        return self._placement.link_for(room).epoch

    async def start_recording(
        self,
        room: str,
        recording: str,
        revision: int,
        tracks: Mapping[str, tuple[protocol.Source, ...]],
    ) -> None:
        """Record these tracks from now on, and no others."""
        await self._placement.ask(
            room,
            protocol.StartRecording(
                id=fresh_id(), room=room, recording=recording, revision=revision, tracks=tracks
            ),
        )

    async def stop_recording(self, room: str, recording: str) -> None:
        """Record no more under this name; a room that is on no relay is not recorded anyway."""
        await self._ask_gone(
            room, protocol.StopRecording(id=fresh_id(), room=room, recording=recording)
        )

    async def aclose(self) -> None:
        """End all links; for tests and orderly shutdown."""
        await self._placement.aclose()


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, RelayClient] = WeakKeyDictionary()
_places: Places | None = None
_on_talk: TalkListener | None = None


def get_client() -> RelayClient:
    """The client of the running event loop; nothing is connected before the first room."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = RelayClient(settings.RELAY_URLS, settings.RELAY_SECRET, _places, _on_talk)
    return _clients[loop]


def use_places(places: Places) -> None:
    """Said once at the start: where the processes agree on the places of rooms."""
    global _places
    _places = places


def use_talk_listener(listener: TalkListener) -> None:
    """Said once at the start: who keeps the talk times that the relays report."""
    global _on_talk
    _on_talk = listener
