"""The only door to the media relay: one authenticated WebSocket per relay and web process.

A room is pinned to one of the configured relays by a stable hash of its name, reachable or not.
If each process chose among the relays it can reach, two of them could choose differently and
split the room into halves that do not hear each other; waiting for the one relay, which its
supervisor starts again within a second or two, is the smaller harm.
"""

import asyncio
import contextlib
import hashlib
import itertools
import logging
import random
from collections.abc import Iterable, Sequence
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from media_relay import protocol

REQUEST_LIMIT_S: Final = 4.0
LINK_WAIT_S: Final = 1.5
"""How long a request waits for a link that is just coming up."""
LOST_AFTER_S: Final = 0.4
"""A link that is back sooner, with nothing missed, is not worth telling anybody."""
MOST_PENDING: Final = 500
"""Requests under way on one link; what comes on top is refused, not queued."""
STABLE_AFTER_S: Final = 1.0
"""A link that lived longer is tried again at once; a shorter one waits as after a failure."""
DELAYS_S: Final = (0.0, 0.1, 0.3, 0.6, 1.2, 2.0)

SENTENCES: Final[dict[str, Promise]] = {
    "bad_sdp": _("The media server could not read your browser's offer."),
    "stale_generation": _("Your browser answered an offer that is out of date."),
    "not_permitted": _("Your role in this meeting does not allow that."),
    "too_many": _("The media server does not take more of this."),
    "draining": _("The media server is being restarted. Sound and picture come back shortly."),
}

logger = logging.getLogger(__name__)


class RelayUnavailable(Exception):
    """The relay cannot be reached or does not answer; `str()` is a sentence for people."""

    code = "relay_unavailable"

    def __str__(self) -> str:
        return str(_("Sound and picture are not available at the moment. We keep trying."))


class RelayRefused(Exception):
    """The relay answered with an error; `code` is the relay's, `str()` a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return str(SENTENCES.get(self.code, _("The media server refused: sound may be missing.")))


class Listener(Protocol):
    """Who speaks for one participant here. Called in the event loop; must not wait."""

    def on_relay_event(self, event: protocol.Event) -> None: ...

    def on_relay_lost(self) -> None: ...

    def on_relay_ready(self) -> None: ...


class _Participant:
    def __init__(self, listener: Listener, may_publish: tuple[protocol.Source, ...]) -> None:
        self.listener = listener
        self.may_publish = may_publish
        self.is_entering = True
        """Whoever asked to join still waits for the answer and needs no other word."""


class RelayLink:
    """The connection to one relay, kept up as long as the process lives."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._socket: ClientConnection | None = None
        self._is_ready = asyncio.Event()
        self._pending: dict[str, asyncio.Future[protocol.Message]] = {}
        self._participants: dict[tuple[str, str], _Participant] = {}
        self._epoch = ""
        self._seq = 0
        self._is_told_lost = False
        self._runner = asyncio.create_task(self._run(), name=f"relay link {url}")

    @property
    def is_ready(self) -> bool:
        return self._is_ready.is_set()

    async def aclose(self) -> None:
        """End the link; for tests and orderly shutdown."""
        self._runner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._runner

    # --- participants -----------------------------------------------------------------------

    async def join(
        self, room: str, participant: str, sources: tuple[protocol.Source, ...], listener: Listener
    ) -> None:
        """Put the participant into the room and send its events to `listener`.

        When the relay is away the participant is joined as soon as it is back, and told.
        """
        known = self._participants[room, participant] = _Participant(listener, sources)
        try:
            if self._is_told_lost:
                raise RelayUnavailable
            await self._wait_until_ready()
            await self._open_room(room)
            await self._join_now(room, participant)
        finally:
            known.is_entering = False

    async def _open_room(self, room: str) -> None:
        await self._ask(protocol.OpenRoom(id=_fresh_id(), room=room))

    async def _join_now(self, room: str, participant: str) -> None:
        known = self._participants.get((room, participant))
        if known is None:
            return
        await self._ask(
            protocol.JoinRoom(
                id=_fresh_id(),
                room=room,
                participant=participant,
                may_publish=known.may_publish,
            )
        )

    def forget(self, room: str, participant: str, listener: Listener) -> None:
        """Stop listening, unless somebody else has taken the participant over."""
        known = self._participants.get((room, participant))
        if known is not None and known.listener is listener:
            del self._participants[room, participant]

    # --- requests ---------------------------------------------------------------------------

    async def ask(self, request: protocol.Request) -> protocol.Message:
        """The relay's answer. Raises RelayUnavailable or RelayRefused."""
        await self._wait_until_ready()
        return await self._ask(request)

    async def _wait_until_ready(self) -> None:
        try:
            await asyncio.wait_for(self._is_ready.wait(), LINK_WAIT_S)
        except TimeoutError as error:
            raise RelayUnavailable from error

    async def _ask(self, request: protocol.Request) -> protocol.Message:
        socket = self._socket
        if socket is None or len(self._pending) >= MOST_PENDING:
            raise RelayUnavailable
        answer = asyncio.get_running_loop().create_future()
        self._pending[request.id] = answer
        try:
            async with asyncio.timeout(REQUEST_LIMIT_S):
                await socket.send(protocol.encode(request))
                return _unless_refused(await answer)
        except (TimeoutError, OSError, WebSocketException) as error:
            logger.warning("The relay %s did not answer %s: %r", self._url, request.TYPE, error)
            raise RelayUnavailable from error
        finally:
            self._pending.pop(request.id, None)

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
        hello = protocol.decode(await asyncio.wait_for(_receive(socket), REQUEST_LIMIT_S))
        if not isinstance(hello, protocol.Hello):
            raise protocol.ProtocolError("bad_message", "The relay did not begin with hello.")
        self._socket = socket
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
        here = [key for key, known in self._participants.items() if not known.is_entering]
        must_tell = set(here) if self._is_told_lost or has_missed else set(here) - held
        try:
            for room in {room for room, _name in here}:
                await self._open_room(room)
            for room, name in here:
                await self._join_now(room, name)
        except RelayRefused as error:
            logger.warning("The relay %s refused a room: %s", self._url, error.detail)
        except RelayUnavailable:
            return  # the connection is gone again; the next one starts over
        self._is_told_lost = False
        self._is_ready.set()
        self._tell(must_tell, is_ready=True)

    def _drop(self) -> None:
        was_ready = self._is_ready.is_set()
        self._socket = None
        self._is_ready.clear()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the relay's connection broke"))
        if was_ready:
            asyncio.get_running_loop().call_later(LOST_AFTER_S, self._tell_lost)

    def _tell_lost(self) -> None:
        if not self._is_ready.is_set() and not self._is_told_lost:
            self._is_told_lost = True
            self._tell(self._participants, is_ready=False)

    def _tell(self, participants: Iterable[tuple[str, str]], *, is_ready: bool) -> None:
        for known in [self._participants.get(key) for key in list(participants)]:
            if known is None:
                continue
            if is_ready:
                known.listener.on_relay_ready()
            else:
                known.listener.on_relay_lost()

    # --- what the relay says ----------------------------------------------------------------

    def _take(self, message: protocol.Message) -> None:
        if isinstance(message, protocol.Event):
            self._seq = message.seq
            self._dispatch(message)
        elif isinstance(message, protocol.Answer | protocol.Error):
            answer = self._pending.get(message.id or "")
            if answer is not None and not answer.done():
                answer.set_result(message)

    def _dispatch(self, event: protocol.Event) -> None:
        if isinstance(event, protocol.Goodbye):
            logger.info("The relay %s stops: %s", self._url, event.reason)
            return
        room = getattr(event, "room", None)
        if isinstance(event, protocol.SubscribeOffer | protocol.ConnectionStateChanged):
            known = self._participants.get((event.room, event.participant))
            if known is not None:
                known.listener.on_relay_event(event)
            return
        for (in_room, _name), known in list(self._participants.items()):
            if in_room == room:
                known.listener.on_relay_event(event)


class RelayClient:
    """All relays of this process's event loop; finds the right one for each room."""

    def __init__(self, urls: Sequence[str], secret: str) -> None:
        self._urls = list(urls)
        self._secret = secret
        self._links: dict[str, RelayLink] = {}

    def link_for(self, room: str) -> RelayLink:
        """The link to the room's relay, opened at the first call."""
        url = pinned_relay(room, self._urls)
        if url not in self._links:
            self._links[url] = RelayLink(url, self._secret)
        return self._links[url]

    async def join(
        self, room: str, participant: str, sources: tuple[protocol.Source, ...], listener: Listener
    ) -> None:
        await self.link_for(room).join(room, participant, sources, listener)

    def forget(self, room: str, participant: str, listener: Listener) -> None:
        link = self._links.get(pinned_relay(room, self._urls))
        if link is not None:
            link.forget(room, participant, listener)

    async def leave(self, room: str, participant: str) -> None:
        """Take the participant out; that it is out already is as good."""
        await self._ask_gone(
            room, protocol.LeaveRoom(id=_fresh_id(), room=room, participant=participant)
        )

    async def close_room(self, room: str) -> None:
        await self._ask_gone(room, protocol.CloseRoom(id=_fresh_id(), room=room))

    async def _ask_gone(self, room: str, request: protocol.Request) -> None:
        try:
            await self.link_for(room).ask(request)
        except RelayRefused as error:
            if error.code not in {"unknown_room", "unknown_participant"}:
                raise

    async def set_permissions(
        self, room: str, participant: str, sources: tuple[protocol.Source, ...]
    ) -> None:
        await self._ask_gone(
            room,
            protocol.SetPermissions(
                id=_fresh_id(), room=room, participant=participant, may_publish=sources
            ),
        )

    async def publish_offer(
        self, room: str, participant: str, sdp: str, sources: dict[str, protocol.Source]
    ) -> str:
        """The SDP of the relay's answer."""
        answer = await self.link_for(room).ask(
            protocol.PublishOffer(
                id=_fresh_id(), room=room, participant=participant, sdp=sdp, sources=sources
            )
        )
        if not isinstance(answer, protocol.PublishAnswer):
            raise RelayRefused("internal", f"unexpected answer {answer.TYPE}")
        return answer.sdp

    async def subscribe(self, room: str, participant: str) -> None:
        await self.link_for(room).ask(
            protocol.Subscribe(id=_fresh_id(), room=room, participant=participant)
        )

    async def subscribe_answer(
        self, room: str, participant: str, generation: int, sdp: str
    ) -> None:
        await self.link_for(room).ask(
            protocol.SubscribeAnswer(
                id=_fresh_id(),
                room=room,
                participant=participant,
                generation=generation,
                sdp=sdp,
            )
        )

    async def pause(
        self, room: str, participant: str, source: protocol.Source, *, paused: bool
    ) -> None:
        """Stop or resume forwarding; somebody who is not there is silent anyway."""
        await self._ask_gone(
            room,
            protocol.PausePublication(
                id=_fresh_id(), room=room, participant=participant, source=source, paused=paused
            ),
        )

    async def aclose(self) -> None:
        for link in self._links.values():
            await link.aclose()
        self._links.clear()


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, RelayClient] = WeakKeyDictionary()
_request_numbers = itertools.count(1)


def get_client() -> RelayClient:
    """The client of the running event loop; nothing is connected before the first room."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = RelayClient(settings.RELAY_URLS, settings.RELAY_SECRET)
    return _clients[loop]


def pinned_relay(room: str, urls: Sequence[str]) -> str:
    """Rendezvous hashing: adding or taking away a relay moves only the rooms it must."""
    return max(urls, key=lambda url: hashlib.sha256(f"{url} {room}".encode()).digest())


def _fresh_id() -> str:
    return f"r{next(_request_numbers)}"


def _unless_refused(answer: protocol.Message) -> protocol.Message:
    if isinstance(answer, protocol.Error):
        raise RelayRefused(answer.code, answer.sentence)
    return answer


async def _receive(socket: ClientConnection) -> str:
    text = await socket.recv()
    return text if isinstance(text, str) else text.decode()
