"""One watch per event loop over all its room sockets: rights, signs of life, missed changes.

A handful of queries for the whole process, however many sockets it serves. It is what makes a
logout, a changed role or a lost group message take effect when nothing else did.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from django.db import DatabaseError
from django.utils import timezone

from meetings.database_threads import in_database
from meetings.recording_keeper import get_keeper
from meetings.relay_client import RelayRefused, RelayUnavailable, get_client
from meetings.selectors.room import SeatFacts, seat_facts
from meetings.services import presence, room

TICK_S: Final = 2.0
SWEEP_S: Final = 5.0
CHUNK: Final = 500
logger = logging.getLogger(__name__)


class Watched(Protocol):
    """A socket, as far as the watch knows it."""

    seat_pk: int
    connection: str
    room_id: str
    has_said_hello: bool

    def replace(self) -> None: ...

    async def is_signed_in(self) -> bool: ...

    async def check(self, facts: SeatFacts | None, *, is_signed_in: bool) -> None: ...


class SocketWatch:
    """Runs while there are sockets."""

    def __init__(self) -> None:
        self._sockets: set[Watched] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, socket: Watched) -> None:
        """The newest socket of a seat wins, also over those that never say whom they speak for:
        a hello replaces only who said one before."""
        for other in [*self._sockets]:
            if other.seat_pk == socket.seat_pk and not other.has_said_hello:
                other.replace()
        self._sockets.add(socket)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="watch over room sockets")

    def discard(self, socket: Watched) -> None:
        self._sockets.discard(socket)
        if not self._sockets and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        swept_at = touched_at = loop.time()
        while True:
            await asyncio.sleep(TICK_S)
            await self._attempt(self._check_rights)
            await self._attempt(self._keep_recordings)
            if loop.time() - touched_at >= presence.HEARTBEAT_S:
                if await self._attempt(self._touch):
                    touched_at = loop.time()
                else:
                    # While nobody can give a sign of life, silence says nothing of anybody.
                    swept_at = loop.time()
            if loop.time() - swept_at >= SWEEP_S:
                swept_at = loop.time()
                await self._attempt(self._sweep)

    async def _attempt(self, duty: Callable[[], Awaitable[None]]) -> bool:
        """One duty that fails, for whatever reason, neither ends the watch nor the other duties."""
        try:
            await duty()
        except Exception:
            logger.exception("The rooms' sockets could not be watched; trying again")
            return False
        return True

    async def _keep_recordings(self) -> None:
        await get_keeper().tick({socket.room_id for socket in self._sockets})

    async def _check_rights(self) -> None:
        sockets = list(self._sockets)
        for chunk in _chunks(sockets):
            facts = await in_database(seat_facts)([socket.seat_pk for socket in chunk])
            for socket in chunk:
                await self._check_one(socket, facts.get(socket.seat_pk))

    async def _check_one(self, socket: Watched, facts: SeatFacts | None) -> None:
        try:
            is_signed_in = await socket.is_signed_in()
            if socket in self._sockets:
                await socket.check(facts, is_signed_in=is_signed_in)
        except DatabaseError:
            raise
        except Exception:  # one socket's trouble must not end the watch over the others
            logger.exception("A room socket could not be checked")

    async def _touch(self) -> None:
        for chunk in _chunks(list(self._sockets)):
            connections = [socket.connection for socket in chunk]
            await in_database(presence.touch)(connections=connections)

    async def _sweep(self) -> None:
        await in_database(room.go_live_where_due)(now=timezone.now())
        for gone in await in_database(presence.sweep)(now=timezone.now()):
            with contextlib.suppress(RelayUnavailable, RelayRefused):
                await get_client().leave(gone.room, gone.participant)


def _chunks(sockets: Sequence[Watched]) -> list[Sequence[Watched]]:
    return [sockets[start : start + CHUNK] for start in range(0, len(sockets), CHUNK)]


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, SocketWatch] = WeakKeyDictionary()


def get_watch() -> SocketWatch:
    """The watch of the running event loop."""
    return _watches.setdefault(asyncio.get_running_loop(), SocketWatch())
