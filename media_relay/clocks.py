"""What the relay does by the clock: each beat goes to every room, and a fault stays in its own."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from functools import partial

from media_relay.figures import Figures
from media_relay.rooms import Rooms
from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport.roaming import LOOK_INTERVAL_S, Roaming

logger = logging.getLogger(__name__)

TICK_S = 0.095  # transport-wide feedback goes out at this pace: browsers want 50 to 100 ms
REFRESH_INTERVAL_S = 0.25
REPORT_INTERVAL_S = 1.0
COLLECT_AFTER_ENDS = 16  # connections
QUALITY_INTERVAL_S = 3.0
CONSENT_INTERVAL_S = 0.5
LOG_INTERVAL_S = 1.0  # what fails at each beat is counted each time and said once a second

Beat = Callable[[float], None]


class Clocks:
    """Keeps them going until cancelled."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        endpoint: MediaEndpoint,
        figures: Figures,
        stats: Stats,
        roaming: Roaming | None = None,
    ) -> None:
        self._rooms = rooms
        self._endpoint = endpoint
        self._figures = figures
        self._stats = stats
        self._roaming = roaming
        self._ended_before = 0
        self._logged_at = float("-inf")

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._figures.lag.watch())
            tasks.create_task(self._every(TICK_S, self._tick))
            tasks.create_task(self._every(REFRESH_INTERVAL_S, self._refresh))
            tasks.create_task(self._every(CONSENT_INTERVAL_S, self._check_consent))
            tasks.create_task(self._every(REPORT_INTERVAL_S, self._report))
            tasks.create_task(self._every(QUALITY_INTERVAL_S, self._report_quality))
            if self._roaming is not None:
                look = partial(self._guarded, self._roaming.look)
                tasks.create_task(self._every(LOOK_INTERVAL_S, look))

    async def _every(self, interval_s: float, beat: Beat) -> None:
        while True:
            await asyncio.sleep(interval_s)
            beat(time.monotonic())

    def _tick(self, now: float) -> None:
        for room in self._rooms:
            self._guarded(room.tick, now)

    def _refresh(self, now: float) -> None:
        for room in self._rooms:
            self._guarded(room.refresh, now)

    def _check_consent(self, now: float) -> None:
        self._guarded(self._endpoint.check_consent, now)

    def _report_quality(self, now: float) -> None:
        for room in self._rooms:
            self._guarded(room.report_quality, now)

    def _report(self, now: float) -> None:
        self._collect_garbage()
        self._figures.count(REPORT_INTERVAL_S)
        for room in self._rooms:
            self._guarded(room.report, now)
            self._guarded(partial(self._rooms.tidy, room), now)

    def _collect_garbage(self) -> None:
        """Ended connections are cycles with megabytes of keys and packets hanging on few objects.

        Left to itself the collector comes after 70,000 allocations: here after some seven hundred
        departures. With the modules set aside (see __main__) a round takes a few milliseconds.
        """
        if self._stats.connections_ended - self._ended_before >= COLLECT_AFTER_ENDS:
            self._ended_before = self._stats.connections_ended
            gc.collect()

    def _guarded(self, beat: Beat, now: float) -> None:
        """A fault in one room must not stop the clocks of the others."""
        try:
            beat(now)
        except Exception:
            self._stats.faults += 1
            if now - self._logged_at >= LOG_INTERVAL_S:
                self._logged_at = now
                logger.exception("A clock beat failed.")
