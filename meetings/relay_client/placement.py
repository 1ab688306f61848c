"""Which relay a room is on, where there are several.

A room is put on the least loaded relay at its first join. The choice is stored once for all web
processes (`Places`): if each chose among the relays that it can reach, two could choose
differently and split the room into halves that do not hear each other. A room leaves its relay
when that says goodbye or is away for longer than a moment, and each process follows the stored
place within a second.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Final, Protocol

from django.db import DatabaseError

from media_relay import protocol
from meetings.relay_client.errors import RelayRefused, RelayUnavailable
from meetings.relay_client.link import RelayLink
from meetings.relay_client.people import Listener, TalkListener

WATCH_S: Final = 0.5
"""How often stored places are read, and absent relays noticed."""

logger = logging.getLogger(__name__)


class Places(Protocol):
    """Where rooms are, the same for all web processes. Every answer is what is true now."""

    async def find(self, rooms: Collection[str]) -> dict[str, str]: ...
    async def settle(self, room: str, relay: str) -> str: ...
    async def move(self, room: str, relay: str, to: str) -> str: ...
    async def clear(self, room: str) -> None: ...


class Placement:
    """The links to all relays, and the relay of each room."""

    def __init__(
        self,
        urls: Sequence[str],
        secret: str,
        places: Places | None,
        on_talk: TalkListener | None,
    ) -> None:
        self._urls = list(urls)
        self._secret = secret
        self._places = places if len(self._urls) > 1 else None
        """A single relay needs no choice, and no database to remember it."""
        self._on_talk = on_talk
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
            self._links[url] = RelayLink(
                url, self._secret, on_goodbye=self._alarm.set, on_talk=self._on_talk
            )
        return self._links[url]

    async def join(
        self, room: str, participant: str, sources: tuple[protocol.Source, ...], listener: Listener
    ) -> None:
        """Put the participant into the room, on the relay where the room is."""
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
        """Stop listening; a room without people here has no relay that this process knows."""
        for link in self._links.values():
            link.people.forget((room, participant), listener)
        if not any(link.people.are_in(room) for link in self._links.values()):
            self._rooms.pop(room, None)

    async def ask(self, room: str, request: protocol.Request) -> protocol.Message:
        """The answer of the room's relay. Raises RelayUnavailable or RelayRefused."""
        return await self._link(await self._place(room)).ask(request)

    async def is_nowhere(self, room: str) -> bool:
        """No relay has it, and to take something out of it is no reason to put it on one."""
        if self._places is None or room in self._rooms:
            return False
        return not await self._places.find([room])

    async def clear(self, room: str) -> None:
        """The room is closed; the next one of this name may go anywhere."""
        if self._places is not None:
            with contextlib.suppress(DatabaseError):  # it only means no new choice next time
                await self._places.clear(room)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self._links.values():
            await link.aclose()
        self._links.clear()
        self._rooms.clear()

    # --- choosing -----------------------------------------------------------------------------

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

    # --- moving -------------------------------------------------------------------------------

    async def _keep_placed(self) -> None:
        """Follow the stored places, and move rooms away from relays that are gone."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WATCH_S):
                    await self._alarm.wait()
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
        people = self._link(old).people.release(room)
        await self._link(url).adopt(room, people)
        self._start(self._link(old).leave_behind(room, people))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def pinned_relay(room: str, urls: Sequence[str]) -> str:
    """Rendezvous hashing: adding or taking away a relay moves only the rooms it must."""
    return max(urls, key=lambda url: hashlib.sha256(f"{url} {room}".encode()).digest())


def least_loaded(room: str, loads: Mapping[str, int]) -> str | None:
    """The relay with the fewest people; equals share the rooms. None when there is none."""
    fewest = min(loads.values(), default=0)
    equals = [url for url, load in loads.items() if load == fewest]
    return pinned_relay(room, equals) if equals else None
