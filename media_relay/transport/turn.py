"""What is written within one turn of the event loop leaves together at its end."""

import asyncio
import logging
from collections.abc import Callable

from media_relay.stats import Stats

logger = logging.getLogger(__name__)


class Turn:
    """Jobs to be done once when the present callbacks are through; each runs at most once."""

    def __init__(self, stats: Stats) -> None:
        self._stats = stats
        self._jobs: dict[Callable[[], None], None] = {}

    def at_end(self, job: Callable[[], None]) -> None:
        """Run `job` at the end of this turn; asking twice is harmless."""
        if not self._jobs:
            asyncio.get_running_loop().call_soon(self.end)
        self._jobs[job] = None

    def end(self) -> None:
        """Run the jobs, and those that they ask for, in the order they were asked for."""
        while self._jobs:
            job = next(iter(self._jobs))
            del self._jobs[job]
            try:
                job()
            except Exception:
                self._stats.faults += 1
                logger.exception("A batch could not be sent.")
