"""What the room does while the database is locked: it says so, and takes nobody for gone."""

import asyncio
import threading

import pytest
from django.db import DatabaseError

from meetings import database_threads, socket_watch
from meetings.database_threads import ThreadsBusy, in_database
from meetings.services import presence
from meetings.socket_watch import SocketWatch


async def test_function_without_a_free_thread_is_refused_and_never_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release, begun, calls = threading.Event(), threading.Semaphore(0), list[str]()
    count = database_threads.THREADS._max_workers

    def hold() -> None:
        begun.release()
        release.wait(30)

    holders = [asyncio.ensure_future(in_database(hold)()) for _thread in range(count)]
    for _thread in range(count):
        await asyncio.to_thread(begun.acquire)
    late = asyncio.ensure_future(in_database(calls.append)("late"))
    await asyncio.sleep(0)
    monkeypatch.setattr(database_threads, "QUEUE_LIMIT_S", 0.0)
    release.set()
    await asyncio.gather(*holders)

    with pytest.raises(ThreadsBusy) as refusal:
        await late

    assert isinstance(refusal.value, DatabaseError)
    assert calls == []


async def test_watch_that_cannot_note_signs_of_life_sweeps_nobody_until_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module, name in ((socket_watch, "TICK_S"), (socket_watch, "SWEEP_S")):
        monkeypatch.setattr(module, name, 0.01)
    monkeypatch.setattr(presence, "HEARTBEAT_S", 0.01)
    noted: list[str] = []
    has_swept = asyncio.Event()

    class Watch(SocketWatch):
        async def _check_rights(self) -> None: ...

        async def _keep_recordings(self) -> None: ...

        async def _touch(self) -> None:
            if len(noted) < 3:
                noted.append("not touched")
                raise DatabaseError("database is locked")
            noted.append("touched")

        async def _sweep(self) -> None:
            noted.append("swept")
            has_swept.set()

    running = asyncio.create_task(Watch()._run())
    async with asyncio.timeout(30):
        await has_swept.wait()
    running.cancel()

    assert noted[: noted.index("touched")] == ["not touched"] * 3
    assert noted[-1] == "swept"
