"""The only door to the media relay: one authenticated WebSocket per relay and web process.

Where there are several relays, a room is put on the least loaded one at its first join. The
choice is stored once for all web processes (`Places`): if each chose among the relays that it
can reach, two could choose differently and split the room into halves that do not hear each
other. A room leaves its relay when that says goodbye or is away for longer than a moment, and
each process follows the stored place within a second.
"""

import asyncio
import contextlib
import hashlib
import itertools
import logging
import random
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DatabaseError
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
MOVE_AFTER_S: Final = 1.5
"""A relay that is away for longer loses its rooms to another one, if another one answers."""
WATCH_S: Final = 0.5
"""How often stored places are read, and absent relays noticed."""
LOAD_WAIT_S: Final = 0.5
"""How long a relay may take to say how busy it is before it is left out of the choice."""
LEAVE_AFTER_S: Final = 1.0
"""How long people stay on the old relay after a move: until they see each other on the new one."""
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
    "cannot_record": _(
        "The media server cannot record: its disk is nearly full or recording is switched off."
    ),
    "draining": _("The media server is being restarted. Sound and picture come back shortly."),
}

OF_ONE_PARTICIPANT: Final = (
    protocol.SubscribeOffer,
    protocol.ConnectionStateChanged,
    protocol.TracksMoved,
    protocol.LayersWanted,
    protocol.OfferWanted,
    protocol.VideosPaused,
)
"""Events that concern nobody else in the room."""

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


class Places(Protocol):
    """Where rooms are, the same for all web processes. Every answer is what is true now."""

    async def find(self, rooms: Collection[str]) -> dict[str, str]: ...
    async def settle(self, room: str, relay: str) -> str: ...
    async def move(self, room: str, relay: str, to: str) -> str: ...
    async def clear(self, room: str) -> None: ...


class _Participant:
    def __init__(self, listener: Listener, may_publish: tuple[protocol.Source, ...]) -> None:
        self.listener = listener
        self.may_publish = may_publish
        self.is_entering = True
        """Whoever asked to join still waits for the answer and needs no other word."""
        self.is_newcomer = False
        """Came over from another relay and has not been told yet."""


class RelayLink:
    """The connection to one relay, kept up as long as the process lives."""

    def __init__(self, url: str, secret: str, *, on_goodbye: Callable[[], None]) -> None:
        self.is_leaving = False
        """It said goodbye: it forwards for a moment longer, then stops."""
        self._url = url
        self._on_goodbye = on_goodbye
        self._away_since: float | None = asyncio.get_running_loop().time()
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

    @property
    def is_gone(self) -> bool:
        """Its rooms should go elsewhere."""
        now = asyncio.get_running_loop().time()
        is_away = self._away_since is not None and now - self._away_since > MOVE_AFTER_S
        return self.is_leaving or is_away

    async def load(self) -> int | None:
        """People in all its rooms; None when it takes no rooms, or does not answer soon."""
        try:
            async with asyncio.timeout(LOAD_WAIT_S):
                await self._is_ready.wait()
                report = await self._ask(protocol.Status(id=_fresh_id()))
        except (TimeoutError, RelayUnavailable, RelayRefused):
            return None
        if not isinstance(report, protocol.StatusReport) or report.is_draining:
            return None
        return report.participants

    @property
    def epoch(self) -> str:
        return self._epoch

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

    def has_people_in(self, room: str) -> bool:
        return any(in_room == room for in_room, _name in self._participants)

    def release(self, room: str) -> dict[str, _Participant]:
        """Give the people of a room away, by name."""
        names = [name for in_room, name in self._participants if in_room == room]
        return {name: self._participants.pop((room, name)) for name in names}

    async def adopt(self, room: str, people: Mapping[str, _Participant]) -> None:
        """Take people from another relay, and tell each to build its connections here."""
        for name, known in people.items():
            known.is_newcomer = True
            self._participants[room, name] = known
        if not self.is_ready:
            return  # joined and told when the link is up
        try:
            await self._open_room(room)
            await asyncio.gather(*(self._join_now(room, name) for name in people))
        except RelayUnavailable:
            return  # the same
        except RelayRefused as error:
            logger.warning("The relay %s refused a room: %s", self._url, error.detail)
        self._tell([(room, name) for name in people], is_ready=True)

    async def leave_behind(self, room: str, people: Iterable[str]) -> None:
        """Take those who went to another relay out of this one, so that it can stop."""
        await asyncio.sleep(LEAVE_AFTER_S)
        for name in people:
            if (room, name) not in self._participants and self.is_ready:
                with contextlib.suppress(RelayUnavailable, RelayRefused):
                    await self._ask(protocol.LeaveRoom(id=_fresh_id(), room=room, participant=name))

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
        self._socket, self.is_leaving = socket, False
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
        must_tell |= {key for key in here if self._participants[key].is_newcomer}
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
        self._tell(must_tell, is_ready=True)

    def _drop(self) -> None:
        was_ready = self._is_ready.is_set()
        if self._away_since is None:
            self._away_since = asyncio.get_running_loop().time()
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
                known.is_newcomer = False
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
            self.is_leaving = True
            self._on_goodbye()
            return
        room = getattr(event, "room", None)
        if isinstance(event, OF_ONE_PARTICIPANT):
            known = self._participants.get((event.room, event.participant))
            if known is not None:
                known.listener.on_relay_event(event)
            return
        for (in_room, _name), known in list(self._participants.items()):
            if in_room == room:
                known.listener.on_relay_event(event)


class RelayClient:
    """All relays of this process's event loop; finds the right one for each room."""

    def __init__(self, urls: Sequence[str], secret: str, places: Places | None = None) -> None:
        self._urls = list(urls)
        self._secret = secret
        self._places = places if len(self._urls) > 1 else None
        """A single relay needs no choice, and no database to remember it."""
        self._links: dict[str, RelayLink] = {}
        self._rooms: dict[str, str] = {}
        """The relay of each room that has people here, as far as this process knows."""
        self._alarm = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def link_for(self, room: str) -> RelayLink:
        """The link to the relay where this process believes the room to be."""
        return self._link(self._rooms.get(room) or pinned_relay(room, self._urls))

    def _link(self, url: str) -> RelayLink:
        if url not in self._links:
            self._links[url] = RelayLink(url, self._secret, on_goodbye=self._alarm.set)
        return self._links[url]

    async def join(
        self, room: str, participant: str, sources: tuple[protocol.Source, ...], listener: Listener
    ) -> None:
        url = await self._place(room)
        if self._places is not None:
            self._rooms[room] = url
            if not self._tasks:
                self._start(self._keep_placed())
        try:
            await self._link(url).join(room, participant, sources, listener)
        except (RelayUnavailable, RelayRefused) as error:
            if error.code == "draining":
                await self._move(room)
            if self._rooms.get(room, url) == url:
                raise
            await self.join(room, participant, sources, listener)  # the room has moved meanwhile

    def forget(self, room: str, participant: str, listener: Listener) -> None:
        for link in self._links.values():
            link.forget(room, participant, listener)
        if not any(link.has_people_in(room) for link in self._links.values()):
            self._rooms.pop(room, None)

    async def _ask(self, room: str, request: protocol.Request) -> protocol.Message:
        return await self._link(await self._place(room)).ask(request)

    # --- several relays -----------------------------------------------------------------------

    async def _place(self, room: str) -> str:
        """The room's relay; the least loaded one when it has none yet."""
        if self._places is None:
            return self._urls[0]
        if room in self._rooms:
            return self._rooms[room]
        try:
            stored = (await self._places.find([room])).get(room)
            if stored in self._urls:
                return stored
            chosen = await self._choose(room) or pinned_relay(room, self._urls)
            if stored is None:
                return await self._places.settle(room, chosen)
            return await self._places.move(room, stored, chosen)  # its relay is no longer ours
        except DatabaseError as error:
            logger.warning("The place of room %s cannot be read: %r", room, error)
            raise RelayUnavailable from error

    async def _choose(self, room: str, without: str = "") -> str | None:
        urls = [url for url in self._urls if url != without]
        loads = await asyncio.gather(*(self._link(url).load() for url in urls))
        known = {url: load for url, load in zip(urls, loads, strict=True) if load is not None}
        return least_loaded(room, known)

    async def _keep_placed(self) -> None:
        """Follow the stored places, and move rooms away from relays that are gone."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._alarm.wait(), WATCH_S)
            self._alarm.clear()
            try:
                await self._follow_places()
                gone = [room for room in self._rooms if self.link_for(room).is_gone]
                await asyncio.gather(*(self._move(room) for room in gone))
            except Exception:  # mostly the database; rooms stay where they are until it is back
                logger.exception("The places of rooms could not be followed")

    async def _follow_places(self) -> None:
        if self._places is None or not self._rooms:
            return
        stored = await self._places.find(list(self._rooms))
        await asyncio.gather(
            *(self._take_over(room, url) for room, url in stored.items() if url in self._urls)
        )

    async def _move(self, room: str) -> None:
        old = self._rooms.get(room)
        if self._places is None or old is None:
            return
        chosen = await self._choose(room, without=old)
        if chosen is not None:
            logger.info("Room %s moves from relay %s to %s", room, old, chosen)
            await self._take_over(room, await self._places.move(room, old, chosen))

    async def _take_over(self, room: str, url: str) -> None:
        """The room's people who are here belong on this relay from now on."""
        old = self._rooms.get(room)
        if old is None or old == url:
            return
        self._rooms[room] = url
        people = self._link(old).release(room)
        await self._link(url).adopt(room, people)
        self._start(self._link(old).leave_behind(room, people))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def leave(self, room: str, participant: str) -> None:
        """Take the participant out; that it is out already is as good."""
        await self._ask_gone(
            room, protocol.LeaveRoom(id=_fresh_id(), room=room, participant=participant)
        )

    async def close_room(self, room: str) -> None:
        await self._ask_gone(room, protocol.CloseRoom(id=_fresh_id(), room=room))
        if self._places is not None:
            with contextlib.suppress(DatabaseError):  # it only means no new choice next time
                await self._places.clear(room)

    async def _is_nowhere(self, room: str) -> bool:
        """No relay has it, and to take something out of it is no reason to put it on one."""
        if self._places is None or room in self._rooms:
            return False
        return not await self._places.find([room])

    async def _ask_gone(self, room: str, request: protocol.Request) -> None:
        if await self._is_nowhere(room):
            return
        try:
            await self._ask(room, request)
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
        answer = await self._ask(
            room,
            protocol.PublishOffer(
                id=_fresh_id(), room=room, participant=participant, sdp=sdp, sources=sources
            ),
        )
        if not isinstance(answer, protocol.PublishAnswer):
            raise RelayRefused("internal", f"unexpected answer {answer.TYPE}")
        return answer.sdp

    async def subscribe(self, room: str, participant: str) -> None:
        await self._ask(
            room, protocol.Subscribe(id=_fresh_id(), room=room, participant=participant)
        )

    async def subscribe_answer(
        self, room: str, participant: str, generation: int, sdp: str
    ) -> None:
        await self._ask(
            room,
            protocol.SubscribeAnswer(
                id=_fresh_id(),
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
            protocol.SetView(id=_fresh_id(), room=room, participant=participant, tiles=tiles),
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

    def epoch_of(self, room: str) -> str:
        """Which life of the room's relay we last spoke to."""
        return self.link_for(room).epoch

    async def start_recording(
        self,
        room: str,
        recording: str,
        revision: int,
        tracks: Mapping[str, tuple[protocol.Source, ...]],
    ) -> None:
        """Record these tracks from now on, and no others."""
        await self._ask(
            room,
            protocol.StartRecording(
                id=_fresh_id(), room=room, recording=recording, revision=revision, tracks=tracks
            ),
        )

    async def stop_recording(self, room: str, recording: str) -> None:
        await self._ask(
            room, protocol.StopRecording(id=_fresh_id(), room=room, recording=recording)
        )

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self._links.values():
            await link.aclose()
        self._links.clear()
        self._rooms.clear()


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, RelayClient] = WeakKeyDictionary()
_request_numbers = itertools.count(1)
_places: Places | None = None


def get_client() -> RelayClient:
    """The client of the running event loop; nothing is connected before the first room."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = RelayClient(settings.RELAY_URLS, settings.RELAY_SECRET, _places)
    return _clients[loop]


def use_places(places: Places) -> None:
    """Said once at the start: where the processes agree on the places of rooms."""
    global _places
    _places = places


def pinned_relay(room: str, urls: Sequence[str]) -> str:
    """Rendezvous hashing: adding or taking away a relay moves only the rooms it must."""
    return max(urls, key=lambda url: hashlib.sha256(f"{url} {room}".encode()).digest())


def least_loaded(room: str, loads: Mapping[str, int]) -> str | None:
    """The relay with the fewest people; equals share the rooms. None when there is none."""
    fewest = min(loads.values(), default=0)
    equals = [url for url, load in loads.items() if load == fewest]
    return pinned_relay(room, equals) if equals else None


def _fresh_id() -> str:
    return f"r{next(_request_numbers)}"


def _unless_refused(answer: protocol.Message) -> protocol.Message:
    if isinstance(answer, protocol.Error):
        raise RelayRefused(answer.code, answer.sentence)
    return answer


async def _receive(socket: ClientConnection) -> str:
    text = await socket.recv()
    return text if isinstance(text, str) else text.decode()
