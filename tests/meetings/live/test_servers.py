"""The room on real servers: uvicorn, which serves in production, and Daphne of runserver."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from meetings import room_protocol as rp
from tests.processes import Home, Process, home, start_valkey, wait_until

pytestmark = pytest.mark.process
__all__ = ["home"]

FURNISH = """
import json
from asgiref.sync import async_to_sync
from meetings.models import Seat
from tests.meetings.live.conftest import furnish
from tests.meetings.live.rooms import guest_cookie
meeting, host_cookie, guest, other = furnish()
print(json.dumps({"meeting": str(meeting.public_id), "host": host_cookie,
                  "guest": guest_cookie(guest), "other": guest_cookie(other)}))
"""
FLOOD = """
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from meetings.services.fanout import room_group
from meetings.room_protocol import Error, encode
text = encode(Error(code="news", sentence="x" * 100_000))
send = async_to_sync(get_channel_layer().group_send)
for number in range(150):
    send(room_group("{meeting}"), {{"type": "room.changed", "seat": "s", "role": "host",
                                    "seq": 1000 + number, "text": text}})
"""


@dataclass
class Site:
    """A web process with a furnished room."""

    home: Home
    port: int
    room: dict[str, str]
    web: Process

    def start_web(self, server: str) -> None:
        commands = {
            "uvicorn": ["vmcrm.web_server", "--port", str(self.port)],
            "daphne": ["daphne", "-b", "127.0.0.1", "-p", str(self.port), "vmcrm.asgi:application"],
        }
        self.web = Process("web", [sys.executable, "-m", *commands[server]], self.home)
        wait_until(lambda: _listens(self.port), timeout_s=60, process=self.web)

    @contextlib.asynccontextmanager
    async def page(self, who: str, **options: Any) -> AsyncIterator["RealPage"]:
        async with connect(
            f"ws://127.0.0.1:{self.port}/ws/meetings/{self.room['meeting']}/",
            additional_headers={"Cookie": self.room[who]},
            origin=options.pop("origin", f"http://localhost:{self.port}"),  # type: ignore[arg-type]
            proxy=None,
            compression=None,  # or a flood shrinks to nothing
            **options,
        ) as opened:
            yield RealPage(opened)


class RealPage:
    """A room page over a real WebSocket."""

    def __init__(self, opened: ClientConnection) -> None:
        self.socket = opened
        self.heard: list[Any] = []

    async def ask(self, kind: str, limit_s: float = 10, **fields: Any) -> Any:
        message_id = uuid4().hex
        await self.socket.send(json.dumps({"v": 1, "type": kind, "id": message_id, **fields}))
        return await self._until(lambda m: getattr(m, "id", None) == message_id, limit_s)

    async def say(self, text: str) -> Any:
        return await self.ask("send_chat", client_id=str(uuid4()), text=text)

    async def hear(self, kind: type[Any], limit_s: float = 10) -> Any:
        for message in self.heard:
            if isinstance(message, kind):
                self.heard.remove(message)
                return message
        return await self._until(lambda m: isinstance(m, kind), limit_s)

    async def closed(self, limit_s: float = 10) -> int | None:
        with contextlib.suppress(ConnectionClosed):
            await self._until(lambda _message: False, limit_s)
        return self.socket.close_code

    async def _until(self, is_wanted: Any, limit_s: float) -> Any:
        async with asyncio.timeout(limit_s):
            while True:
                message = rp.decode_server(str(await self.socket.recv()))
                if is_wanted(message):
                    return message
                self.heard.append(message)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def furnished(
    tmp_path_factory: pytest.TempPathFactory, migrated_home: Path
) -> tuple[Path, dict[str, str]]:
    """A home whose database has a room in it; each test takes a copy."""
    made = Home(tmp_path_factory.mktemp("furnished"))
    shutil.copytree(migrated_home, made.path, dirs_exist_ok=True)
    return made.path, json.loads(made.run_code(FURNISH).splitlines()[-1])


@pytest.fixture
def site(home: Home, furnished: tuple[Path, dict[str, str]]) -> Site:
    folder, room = furnished
    shutil.copytree(folder, home.path, dirs_exist_ok=True)
    port = _free_port()
    home.variables |= {
        "VMCRM_HTTP_PORT": str(port),
        "VMCRM_RELAY_CONTROL_PORT": str(_free_port()),
        "VMCRM_LOG_LEVEL": "WARNING",
    }
    return Site(home, port, room, start_valkey(home))


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_room_on_a_real_server_lets_two_people_chat(site: Site, server: str) -> None:
    await asyncio.to_thread(site.start_web, server)

    async with site.page("host") as host, site.page("guest") as guest:
        hello = await host.ask("hello", resume_seq=None)
        assert (await guest.ask("hello", resume_seq=None)).relay == "lost"
        await host.say("你好")
        await guest.say("hello back")

        assert hello.me.role == "host"
        assert (await guest.hear(rp.ChatMessage)).text == "你好"
        assert {(await host.hear(rp.ChatMessage)).text for _n in range(2)} == {"你好", "hello back"}

    for origin in ("http://evil.example", "http://localhost:1", None):
        with pytest.raises(InvalidStatus) as refused:
            async with site.page("host", origin=origin):
                pass
        assert refused.value.response.status_code == 403


async def test_uvicorn_refuses_a_message_beyond_64_kib_and_sends_pages_away_to_come_back(
    site: Site,
) -> None:
    await asyncio.to_thread(site.start_web, "uvicorn")

    async with site.page("host") as host, site.page("guest") as guest:
        await host.ask("hello", resume_seq=None)
        await guest.ask("hello", resume_seq=None)
        await guest.socket.send("x" * 65_537)
        assert await guest.closed() == 1009
        gone = await host.hear(rp.ParticipantUpdated)
        assert not gone.is_connected

        os.kill(site.web.pid, signal.SIGTERM)

        assert await host.closed() == rp.CLOSE_SERVER_RESTARTS
    await asyncio.to_thread(site.web.stop)
    assert "Traceback" not in site.web.read_log()


async def test_web_killed_pages_come_back_and_miss_nothing(site: Site) -> None:
    await asyncio.to_thread(site.start_web, "uvicorn")
    async with site.page("host") as host, site.page("guest") as guest:
        snapshot = await host.ask("hello", resume_seq=None)
        await guest.ask("hello", resume_seq=None)
        await guest.say("before")
        site.web.kill()
    await asyncio.to_thread(site.start_web, "uvicorn")

    async with site.page("host") as host:
        again = await host.ask("hello", resume_seq=snapshot.seq)

    assert [line.text for line in again.chat] == ["before"]
    assert {entry.display_name for entry in again.roster} >= {"Greta Guest"}
    assert again.me == snapshot.me


async def test_valkey_killed_chat_goes_on_and_is_as_before_when_it_is_back(site: Site) -> None:
    valkey = site.web
    await asyncio.to_thread(site.start_web, "uvicorn")

    async with site.page("host") as host, site.page("guest") as guest:
        await host.ask("hello", resume_seq=None)
        await guest.ask("hello", resume_seq=None)
        await asyncio.to_thread(valkey.kill)

        assert (await host.say("Is anybody there?")).type == "ok"
        assert (await guest.hear(rp.ChatMessage, limit_s=8)).text == "Is anybody there?"
        async with site.page("other") as late:
            assert await late.closed() == rp.CLOSE_SERVER_RESTARTS

        await asyncio.to_thread(start_valkey, site.home)
        async with asyncio.timeout(8):
            while True:
                async with site.page("other") as late:
                    with contextlib.suppress(ConnectionClosed):
                        if isinstance(await late.ask("hello", resume_seq=None), rp.Snapshot):
                            break
                await asyncio.sleep(0.2)
        assert (await guest.say("Here I am")).type == "ok"
        while (await host.hear(rp.ChatMessage, limit_s=8)).text != "Here I am":
            pass


async def test_slow_reader_on_a_real_socket_is_cut_and_others_read_on(site: Site) -> None:
    await asyncio.to_thread(site.start_web, "uvicorn")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", site.port))

    async with site.page("host") as host, site.page("guest", sock=narrow, max_queue=1) as slow:
        await slow.ask("hello", resume_seq=None)
        await host.ask("hello", resume_seq=None)
        flood = asyncio.create_task(
            asyncio.to_thread(site.home.run_code, FLOOD.format(meeting=site.room["meeting"]))
        )
        # Who reads hears everything, and that the slow one is gone; nobody reads for `slow`.
        for _n in range(150):
            assert len((await host.hear(rp.Error, limit_s=30)).sentence) == 100_000
        await flood
        while (await host.hear(rp.ParticipantUpdated)).is_connected:
            pass
        assert (await host.ask("ping")).type == "pong"
        slow.socket.transport.abort()
