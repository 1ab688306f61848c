"""The threads in which sockets talk to the database.

Channels' own `database_sync_to_async` gives all sockets of a process one thread, and one for each
socket inside a `ThreadSensitiveContext`. A few shared ones are neither a queue behind one slow
query nor a thread for each of a thousand attendees.
"""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync

P = ParamSpec("P")
R = TypeVar("R")

THREADS: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="room-database")


def in_database(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """`function` to be awaited; it runs in one of THREADS with a connection of its own."""
    awaitable: Callable[P, Awaitable[R]] = DatabaseSyncToAsync(
        function, thread_sensitive=False, executor=THREADS
    )
    return awaitable
