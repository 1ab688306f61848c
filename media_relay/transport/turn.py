"""What is written within one turn of the event loop leaves together at its end."""

import asyncio
import logging
from collections.abc import Callable

from media_relay.stats import Stats

logger = logging.getLogger(__name__)


class Turn:
    """Jobs to be done once when the present callbacks are through; each runs at most once.

    Whoever knows when it is through says so (`with turn: ...`): that spares the loop a round.
    """

    def __init__(self, stats: Stats) -> None:
        self._stats = stats
        self._jobs: dict[Callable[[], None], None] = {}
        self._is_open = False  # somebody will end it

    def __enter__(self) -> None:
        self._is_open = True

    def __exit__(self, *_: object) -> None:
        self.end()

    def at_end(self, job: Callable[[], None]) -> None:
        """Run `job` at the end of this turn; asking twice is harmless."""
        if not self._is_open and not self._jobs:
            asyncio.get_running_loop().call_soon(self.end)
        self._jobs[job] = None

    def end(self) -> None:
        """Run the jobs, and those that they ask for, in the order they were asked for."""
        self._is_open = True
        while self._jobs:
            job = next(iter(self._jobs))
            del self._jobs[job]
            try:
                job()
            except Exception:
                self._stats.faults += 1
                logger.exception("A batch could not be sent.")
        self._is_open = False
