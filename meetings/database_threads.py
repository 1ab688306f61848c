"""The threads in which sockets talk to the database.

Channels' own `database_sync_to_async` gives all sockets of a process one thread, and one for each
socket inside a `ThreadSensitiveContext`. A few shared ones are neither a queue behind one slow
query nor a thread for each of a thousand attendees.
"""

import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync
from django.db import OperationalError

P = ParamSpec("P")
R = TypeVar("R")

THREADS: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="room-database")
QUEUE_LIMIT_S: Final = 5.0
"""For a thread. With the wait for a lock it stays below the ten seconds that pages give us."""


class ThreadsBusy(OperationalError):
    """All threads waited for the database; the function was not begun."""


def in_database(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """`function` to be awaited; it runs in one of THREADS with a connection of its own.

    Raises ThreadsBusy, a DatabaseError, when no thread was free in time.
    """

    async def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        asked_at = time.monotonic()

        def run() -> R:
            if time.monotonic() - asked_at > QUEUE_LIMIT_S:
                raise ThreadsBusy("no thread was free")
            return function(*args, **kwargs)

        answer: R = await DatabaseSyncToAsync(run, thread_sensitive=False, executor=THREADS)()
        return answer

    return ask
