"""Brings the talk times that the relays report into the database, off the event loop's way.

A report holds the whole tally so far, so only the newest one of each is kept: a slow database
delays it and nothing piles up. Every web process with somebody in the room hears the same report;
storing it twice, or late, changes nothing.
"""

import asyncio
import logging
from typing import Final
from weakref import WeakKeyDictionary

from django.db import Error

from media_relay.protocol import TalkTimes
from meetings.database_threads import in_database
from meetings.services import talk_time

AGAIN_AFTER_S: Final = 2.0
"""The last report of a room is followed by no other: a database that is away is waited for."""

logger = logging.getLogger(__name__)


class TalkKeeper:
    """What this process has heard and not stored yet; one entry for each open room at most."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], TalkTimes] = {}
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
            except Error:
                logger.exception("Talk times of room %s wait for the database", event.room)
                self._heard[key] = self._heard.pop(key)  # the other rooms come first
                await asyncio.sleep(AGAIN_AFTER_S)
                continue
            except Exception:  # no report of one room may keep those of all others waiting
                logger.exception("Talk times of room %s cannot be stored", event.room)
            if self._heard[key] is event:
                del self._heard[key]


_keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, TalkKeeper] = WeakKeyDictionary()


def note(event: TalkTimes) -> None:
    """A relay reported; called in the event loop."""
    _keepers.setdefault(asyncio.get_running_loop(), TalkKeeper()).note(event)
