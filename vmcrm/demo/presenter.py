"""A colleague who is never tired: enters a room as a page does and shows the test picture.

It speaks the room's protocol over the same socket as a browser and publishes with aiortc; the
server cannot tell the difference. It watches nobody.
"""

import asyncio
import itertools
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from meetings import room_protocol as rp
from vmcrm.demo.broadcast import Beep, Picture

ANSWER_WITHIN_S = 15.0
COMES_BACK_AFTER_S = 3.0
# Close codes after which coming back is not wanted, and why.
LAST_WORDS = {
    rp.CLOSE_NO_SEAT: "The server does not let the presenter in.",
    rp.CLOSE_FORBIDDEN: "A host put the presenter out of the room.",
    rp.CLOSE_UNKNOWN_MEETING: "There is no such meeting any more.",
    rp.CLOSE_REPLACED: "The same colleague has entered from somewhere else.",
    rp.CLOSE_MEETING_ENDED: "The meeting is over.",
}

Say = Callable[[str], None]


@dataclass(frozen=True)
class Entrance:
    """Where the room's socket is, and who comes in."""

    url: str
    origin: str
    cookie: str
    tls: ssl.SSLContext | None = None


async def present(entrance: Entrance, say: Say) -> None:
    """Stays until cancelled or until the room is closed to it; comes back when a link breaks."""
    while True:
        try:
            async with connect(
                entrance.url,
                origin=entrance.origin,  # type: ignore[arg-type]
                additional_headers={"Cookie": entrance.cookie},
                ssl=entrance.tls,
                max_size=rp.MAX_SERVER_BYTES,
            ) as socket:
                await Visit(socket, say).stay()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            if code in LAST_WORDS:
                say(LAST_WORDS[code])
                return
            say("The connection broke; trying again.")
        except (OSError, WebSocketException, TimeoutError, RoomRefused) as error:
            say(f"Not in the room ({error or type(error).__name__}); trying again.")
        await asyncio.sleep(COMES_BACK_AFTER_S)


class RoomRefused(Exception):
    """The room answered a request with an error; its sentence is the text."""


class Visit:
    """One socket's time in the room."""

    def __init__(self, socket: ClientConnection, say: Say) -> None:
        self._socket = socket
        self._say = say
        self._ids = itertools.count(1)
        self._held: deque[Any] = deque()
        """What arrived while an answer was waited for."""
        self._publishing: RTCPeerConnection | None = None

    async def stay(self) -> None:
        """Ends with ConnectionClosed when the server ends it."""
        try:
            snapshot = await self._enter()
            self._say(f"In the room “{snapshot.meeting.title}” as {snapshot.me.display_name}.")
            if snapshot.relay == "ready":
                await self._publish(snapshot.ice_servers)
            while True:
                message = self._held.popleft() if self._held else await self._receive()
                if isinstance(message, rp.RelayReady):
                    await self._publish(snapshot.ice_servers)
                elif isinstance(message, rp.ForceMute):
                    self._say(f"A host switched the {message.source} off.")
        finally:
            await self._go()

    async def _go(self) -> None:
        """Without a goodbye the room would keep the seat for somebody who comes back."""
        with suppress(ConnectionClosed):
            await self._socket.send(rp.encode(rp.Leave(id=str(next(self._ids)))))
        if self._publishing is not None:
            await self._publishing.close()

    async def _enter(self) -> rp.Snapshot:
        while True:
            answer = await self._ask(rp.Hello, resume_seq=None)
            if isinstance(answer, rp.Snapshot):
                return answer
            self._say("Waiting at the door.")
            while not isinstance(await self._receive(), rp.Admitted):
                pass

    async def _publish(self, ice_servers: tuple[rp.IceServer, ...]) -> None:
        if self._publishing is not None:
            await self._publishing.close()
        servers = [
            RTCIceServer(list(server.urls), server.username, server.credential)
            for server in ice_servers
        ]
        connection = self._publishing = RTCPeerConnection(RTCConfiguration(servers))
        sources: dict[Any, rp.Source] = {}
        for source, track in (("microphone", Beep()), ("camera", Picture())):
            sources[connection.addTrack(track)] = source  # type: ignore[assignment]
        await connection.setLocalDescription(await connection.createOffer())
        answer = await self._ask(
            rp.PublishOffer,
            sdp=connection.localDescription.sdp,
            sources={each.mid: sources[each.sender] for each in connection.getTransceivers()},
        )
        await connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        for source in sources.values():
            await self._ask(rp.SetSource, source=source, enabled=True)
        self._say("Showing the test picture. Ctrl-C ends it.")

    async def _ask(self, kind: type[Any], **fields: Any) -> Any:
        """The answer to a request; what comes before it is held. Raises RoomRefused."""
        request = kind(id=str(next(self._ids)), **fields)
        await self._socket.send(rp.encode(request))
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while getattr(message := await self._receive(), "id", None) != request.id:
                self._held.append(message)
        if isinstance(message, rp.Error):
            raise RoomRefused(message.sentence)
        return message

    async def _receive(self) -> Any:
        return rp.decode_server(str(await self._socket.recv(decode=True)))
