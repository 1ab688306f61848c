"""The connection to one relay: kept up, and after a break everybody is joined again."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from media_relay import protocol
from meetings.relay_client.errors import RelayRefused, RelayUnavailable
from meetings.relay_client.people import Listener, Participant, People, TalkListener
from meetings.relay_client.requests import REQUEST_LIMIT_S, Requests, fresh_id

LINK_WAIT_S: Final = 1.5
"""How long a request waits for a link that is just coming up."""
LOST_AFTER_S: Final = 0.4
"""A link that is back sooner, with nothing missed, is not worth telling anybody."""
MOVE_AFTER_S: Final = 1.5
"""A relay that is away for longer loses its rooms to another one, if another one answers."""
LOAD_WAIT_S: Final = 0.5
"""How long a relay may take to say how busy it is before it is left out of the choice."""
LEAVE_AFTER_S: Final = 1.0
"""How long people stay on the old relay after a move: until they see each other on the new one."""
STABLE_AFTER_S: Final = 1.0
"""A link that lived longer is tried again at once; a shorter one waits as after a failure."""
DELAYS_S: Final = (0.0, 0.1, 0.3, 0.6, 1.2, 2.0)

logger = logging.getLogger(__name__)


class RelayLink:
    """The connection to one relay, kept up as long as the process lives."""

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        on_goodbye: Callable[[], None],
        on_talk: TalkListener | None = None,
    ) -> None:
        self.people = People()
        self.is_leaving = False
        """It said goodbye: it forwards for a moment longer, then stops."""
        self._url = url
        self._on_goodbye = on_goodbye
        self._on_talk = on_talk
        self._away_since: float | None = asyncio.get_running_loop().time()
        self._secret = secret
        self._requests = Requests(url)
        self._is_ready = asyncio.Event()
        self._epoch = ""
        self._seq = 0
        self._is_told_lost = False
        self._runner = asyncio.create_task(self._run(), name=f"relay link {url}")

    @property
    def is_ready(self) -> bool:
        return self._is_ready.is_set()

    @property
    def is_gone(self) -> bool:
        """Its rooms should go elsewhere."""
        now = asyncio.get_running_loop().time()
        is_away = self._away_since is not None and now - self._away_since > MOVE_AFTER_S
        return self.is_leaving or is_away

    @property
    def epoch(self) -> str:
        return self._epoch

    async def ask(self, request: protocol.Request) -> protocol.Message:
        """The relay's answer. Raises RelayUnavailable or RelayRefused."""
        await self._wait_until_ready()
        return await self._requests.ask(request)

    async def load(self) -> int | None:
        """People in all its rooms; None when it takes no rooms, or does not answer soon."""
        try:
            async with asyncio.timeout(LOAD_WAIT_S):
                await self._is_ready.wait()
                report = await self._requests.ask(protocol.Status(id=fresh_id()))
        except (TimeoutError, RelayUnavailable, RelayRefused):
            return None
        if not isinstance(report, protocol.StatusReport) or report.is_draining:
            return None
        return report.participants

    async def aclose(self) -> None:
        """End the link; for tests and orderly shutdown."""
        self._runner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._runner

    async def _wait_until_ready(self) -> None:
        try:
            async with asyncio.timeout(LINK_WAIT_S):
                await self._is_ready.wait()
        except TimeoutError as error:
            raise RelayUnavailable from error

    # --- joining and moving -----------------------------------------------------------------

    async def join(
        self, room: str, participant: str, sources: tuple[protocol.Source, ...], listener: Listener
    ) -> None:
        """Put the participant into the room and send its events to `listener`.

        When the relay is away the participant is joined as soon as it is back, and told.
        """
        known = Participant(listener, sources)
        self.people.add((room, participant), known)
        try:
            if self._is_told_lost:
                raise RelayUnavailable
            await self._wait_until_ready()
            await self._open_room(room)
            await self._join_now(room, participant)
        finally:
            known.is_entering = False

    async def _open_room(self, room: str) -> None:
        await self._requests.ask(protocol.OpenRoom(id=fresh_id(), room=room))

    async def _join_now(self, room: str, participant: str) -> None:
        known = self.people.get((room, participant))
        if known is None:
            return
        await self._requests.ask(
            protocol.JoinRoom(
                id=fresh_id(),
                room=room,
                participant=participant,
                may_publish=known.may_publish,
            )
        )

    async def adopt(self, room: str, people: Mapping[str, Participant]) -> None:
        """Take people from another relay, and tell each to build its connections here."""
        self.people.adopt(room, people)
        if not self.is_ready:
            return  # joined and told when the link is up
        try:
            await self._open_room(room)
            await asyncio.gather(*(self._join_now(room, name) for name in people))
        except RelayUnavailable:
            return  # the same
        except RelayRefused as error:
            logger.warning("The relay %s refused a room: %s", self._url, error.detail)
        self.people.tell_ready([(room, name) for name in people])

    async def leave_behind(self, room: str, people: Iterable[str]) -> None:
        """Take those who went to another relay out of this one, so that it can stop."""
        await asyncio.sleep(LEAVE_AFTER_S)
        for name in people:
            if self.people.get((room, name)) is None and self.is_ready:
                request = protocol.LeaveRoom(id=fresh_id(), room=room, participant=name)
                with contextlib.suppress(RelayUnavailable, RelayRefused):
                    await self._requests.ask(request)

    # --- the connection ---------------------------------------------------------------------

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            delay = DELAYS_S[min(attempt, len(DELAYS_S) - 1)]
            await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311 - only spreads
            attempt += 1
            began = loop.time()
            try:
                async with connect(
                    self._url,
                    additional_headers={"Authorization": f"Bearer {self._secret}"},
                    compression=None,
                    max_size=protocol.MAX_MESSAGE_BYTES,
                    open_timeout=2,
                    close_timeout=1,
                    ping_interval=2,
                    ping_timeout=5,
                    proxy=None,
                ) as socket:
                    await self._serve(socket)
            except (OSError, WebSocketException, protocol.ProtocolError) as error:
                log = logger.warning if attempt == 1 else logger.debug
                log("No connection to the relay %s: %r", self._url, error)
            finally:
                self._drop()
            if loop.time() - began > STABLE_AFTER_S:
                attempt = 0

    async def _serve(self, socket: ClientConnection) -> None:
        async with asyncio.timeout(REQUEST_LIMIT_S):
            hello = protocol.decode(await _receive(socket))
        if not isinstance(hello, protocol.Hello):
            raise protocol.ProtocolError("bad_message", "The relay did not begin with hello.")
        self._requests.begin(socket)
        self.is_leaving = False
        rejoining = asyncio.create_task(self._come_back(hello))
        try:
            async for text in socket:
                self._take(protocol.decode(text if isinstance(text, str) else text.decode()))
        finally:
            rejoining.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await rejoining

    async def _come_back(self, hello: protocol.Hello) -> None:
        """Join everybody again who is here; tell those whose media did not survive."""
        held = {(room.room, name) for room in hello.rooms for name in room.participants}
        has_missed = hello.epoch != self._epoch or hello.seq != self._seq
        self._epoch, self._seq = hello.epoch, max(hello.seq, 0)
        here = self.people.settled()
        must_tell = set(here) if self._is_told_lost or has_missed else set(here) - held
        must_tell |= {key for key, known in here.items() if known.is_newcomer}
        try:
            for room in {room for room, _name in here}:
                await self._open_room(room)
            for room, name in here:
                await self._join_now(room, name)
        except RelayRefused as error:
            logger.warning("The relay %s refused a room: %s", self._url, error.detail)
        except RelayUnavailable:
            return  # the connection is gone again; the next one starts over
        self._is_told_lost, self._away_since = False, None
        self._is_ready.set()
        self.people.tell_ready(must_tell)

    def _drop(self) -> None:
        was_ready = self._is_ready.is_set()
        loop = asyncio.get_running_loop()
        if self._away_since is None:
            self._away_since = loop.time()
        self._is_ready.clear()
        self._requests.end()
        if was_ready:
            loop.call_later(LOST_AFTER_S, self._tell_lost)

    def _tell_lost(self) -> None:
        if not self._is_ready.is_set() and not self._is_told_lost:
            self._is_told_lost = True
            self.people.tell_lost()

    def _take(self, message: protocol.Message) -> None:
        if isinstance(message, protocol.Answer | protocol.Error):
            self._requests.settle(message)
        elif isinstance(message, protocol.Event):
            self._seq = message.seq
            if isinstance(message, protocol.Goodbye):
                self._take_goodbye(message)
                return
            if isinstance(message, protocol.TalkTimes) and self._on_talk is not None:
                self._on_talk(message)
            self.people.hand_on(message)

    def _take_goodbye(self, goodbye: protocol.Goodbye) -> None:
        logger.info("The relay %s stops: %s", self._url, goodbye.reason)
        self.is_leaving = True
        self._on_goodbye()


async def _receive(socket: ClientConnection) -> str:
    text = await socket.recv()
    return text if isinstance(text, str) else text.decode()
