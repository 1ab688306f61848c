"""Brings the talk times that the relays report into the database, off the event loop's way.

A report holds the whole tally so far, so only the newest one of each is kept: a slow database
delays it and nothing piles up. Every web process with somebody in the room hears the same report;
storing it twice, or late, changes nothing.

A database that is away is waited for, a report that it refuses is given up: trying again would not
help, and the next report of the tally holds all that this one did. Either is logged once.
"""

import asyncio
import logging
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

from django.db import InterfaceError, OperationalError

from media_relay.protocol import TalkTimes
from meetings.database_threads import in_database
from meetings.services import talk_time

AGAIN_AFTER_S: Final = 2.0
"""The last report of a room is followed by no other: a database that is away is waited for."""
WAITS_AT_MOST_S: Final = 600.0
"""Also what looks like a database that is away may be one that will never take this report."""
MOST_FAILING: Final = 1000
AWAY: Final = (OperationalError, InterfaceError)

logger = logging.getLogger(__name__)
Key: TypeAlias = tuple[str, str]


class TalkKeeper:
    """What this process has heard and not stored yet; one entry for each open room at most."""

    def __init__(self) -> None:
        self._heard: dict[Key, TalkTimes] = {}
        self._failing_since: dict[Key, float] = {}
        self._writer: asyncio.Task[None] | None = None

    def note(self, event: TalkTimes) -> None:
        self._heard[event.room, event.tally] = event
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="talk times")

    async def _write(self) -> None:
        while self._heard:
            key, event = next(iter(self._heard.items()))
            try:
                await in_database(talk_time.store)(
                    room=event.room, tally=event.tally, seconds=event.seconds
                )
            except AWAY:
                if self._fails_first(key):
                    logger.exception("Talk times of room %s wait for the database", event.room)
                if self._may_wait(key):
                    self._heard[key] = self._heard.pop(key)  # the other rooms come first
                    await asyncio.sleep(AGAIN_AFTER_S)
                    continue
            except Exception:  # no report of one room may keep those of all others waiting
                if self._fails_first(key):
                    logger.exception("Talk times of room %s are refused", event.room)
            else:
                self._failing_since.pop(key, None)
            if self._heard[key] is event:
                del self._heard[key]

    def _may_wait(self, key: Key) -> bool:
        """Whether the database may come back in time for this report."""
        return asyncio.get_running_loop().time() - self._failing_since[key] < WAITS_AT_MOST_S

    def _fails_first(self, key: Key) -> bool:
        """Also keeps when it began; of many failing rooms the oldest may be logged anew."""
        if key in self._failing_since:
            return False
        if len(self._failing_since) >= MOST_FAILING:
            self._failing_since.pop(next(iter(self._failing_since)))
        self._failing_since[key] = asyncio.get_running_loop().time()
        return True


_keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, TalkKeeper] = WeakKeyDictionary()


def note(event: TalkTimes) -> None:
    """A relay reported; called in the event loop."""
    _keepers.setdefault(asyncio.get_running_loop(), TalkKeeper()).note(event)
