"""A real relay process and a client of its control socket, for tests."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect

from media_relay import protocol
from media_relay.network import LOOPBACK

SECRET = "a secret for tests only"
ROOT = Path(__file__).parents[2]
E = TypeVar("E", bound=protocol.Message)


@dataclass
class RelayProcess:
    """A started `python -m media_relay`."""

    process: subprocess.Popen[str]
    control: str
    health: str
    media: tuple[str, int]
    media_tcp: tuple[str, int] | None


def start_process(options: Mapping[str, str]) -> subprocess.Popen[str]:
    """The process itself; its first line on standard output says that it listens.

    On loopback alone, unless `advertised-ips` says otherwise. A flag is an option without a
    value: `{"allow-faults": ""}`.
    """
    options = {"advertised-ips": LOOPBACK, **options}
    arguments = [word for name, value in options.items() for word in (f"--{name}", value) if word]
    return subprocess.Popen(
        [sys.executable, "-m", "media_relay", "--control-port", "0", *arguments],
        cwd=ROOT,
        env={**os.environ, "VMCRM_RELAY_SECRET": SECRET, "VMCRM_RELAY_TESTING": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


@contextlib.asynccontextmanager
async def running_relay(**options: str) -> AsyncIterator[RelayProcess]:
    """Start a relay on free ports; SIGTERM at the end unless it is gone already."""
    process = start_process(options)
    try:
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        facts = json.loads(line)
        udp, tcp = (
            [(ip, int(port)) for ip, _, port in (entry.rpartition(":") for entry in facts[name])]
            for name in ("media", "media_tcp")
        )
        yield RelayProcess(
            process,
            facts["control"],
            facts["health"],
            udp[0] if udp else ("", 0),
            tcp[0] if tcp else None,
        )
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 10)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


@dataclass
class ControlClient:
    """Speaks the protocol as the web process does: requests with answers, events kept."""

    socket: ClientConnection
    events: list[protocol.Event] = field(default_factory=list)
    _answers: dict[str, asyncio.Future[protocol.Message]] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _last_id: int = 0

    async def ask(self, kind: type[protocol.Request], **fields: Any) -> protocol.Message:
        """Send a request; its answer, which may be an Error."""
        self._last_id += 1
        request = kind(id=str(self._last_id), **fields)
        self._answers[request.id] = asyncio.get_running_loop().create_future()
        await self.socket.send(protocol.encode(request))
        async with asyncio.timeout(10):
            return await self._answers[request.id]

    async def do(self, kind: type[protocol.Request], **fields: Any) -> protocol.Message:
        """As `ask`, for requests that must succeed."""
        answer = await self.ask(kind, **fields)
        assert not isinstance(answer, protocol.Error), answer
        return answer

    async def wait_for(
        self, kind: type[E], matches: Callable[[E], bool] = lambda event: True, limit_s: float = 10
    ) -> E:
        """The first event of this kind, past or to come, that matches."""

        def found() -> list[E]:
            return [event for event in self.events if isinstance(event, kind) and matches(event)]

        async with asyncio.timeout(limit_s), self._news:
            await self._news.wait_for(lambda: bool(found()))
            return found()[0]

    async def read(self) -> None:
        """Sort what arrives into answers and events until the socket closes."""
        async for text in self.socket:
            message = protocol.decode(str(text))
            if isinstance(message, protocol.Event):
                async with self._news:
                    self.events.append(message)
                    self._news.notify_all()
            else:
                answer = self._answers.pop(str(message.id))  # type: ignore[attr-defined]
                if not answer.done():  # else whoever asked has gone meanwhile
                    answer.set_result(message)


@contextlib.asynccontextmanager
async def control_client(relay: RelayProcess) -> AsyncIterator[ControlClient]:
    """An authenticated control connection that has read its hello."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with connect(relay.control, additional_headers=headers, max_size=None) as socket:
        client = ControlClient(socket)
        reader = asyncio.create_task(client.read())
        try:
            await client.wait_for(protocol.Hello)
            yield client
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


async def eventually(check: Callable[[], Awaitable[bool]], what: str, limit_s: float = 20) -> None:
    """Wait until `check` comes true; fails with `what` when it does not."""
    deadline = asyncio.get_running_loop().time() + limit_s
    while not await check():
        assert asyncio.get_running_loop().time() < deadline, (
            f"in {limit_s} s it did not happen: {what}"
        )
        await asyncio.sleep(0.05)
