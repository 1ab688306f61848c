"""The two servers under test behind one face: start, publish, watch, stop."""

import asyncio
import contextlib
import itertools
import json
import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

from aiortc import RTCSessionDescription
from websockets.asyncio.client import ClientConnection, connect

from media_relay import protocol
from tests.benchmarks.load import Publisher, Viewer
from tests.media_relay.relay_process import ControlClient, control_client, running_relay

ROOM = "bench"
JANUS_ROOM = 1234
JANUS = shutil.which("janus")
JANUS_PARTS = Path("/usr/lib")
SOURCES: dict[str, protocol.Source] = {"video": "camera", "audio": "microphone"}


class Server(Protocol):
    """A started server; rooms are numbered, and only ours is asked for more than the first."""

    pid: int

    async def publish(self, publisher: Publisher, room: int) -> None: ...
    async def watch(self, viewer: Viewer, room: int) -> None: ...


class Relay:
    """Ours, spoken to as the web process does."""

    def __init__(self, pid: int, client: ControlClient) -> None:
        self.pid = pid
        self._client = client
        self._published: Counter[str] = Counter()
        self._numbers = itertools.count()

    async def publish(self, publisher: Publisher, room: int) -> None:
        name, room_name = f"publisher-{next(self._numbers)}", f"{ROOM}-{room}"
        if room_name not in self._published:
            await self._client.do(protocol.OpenRoom, room=room_name)
        await self._client.do(
            protocol.JoinRoom, room=room_name, participant=name, may_publish=protocol.SOURCES
        )
        peer = publisher.peer
        await peer.setLocalDescription(await peer.createOffer())
        answer: Any = await self._client.do(
            protocol.PublishOffer,
            room=room_name,
            participant=name,
            sdp=peer.localDescription.sdp,
            sources={mid: SOURCES[kind] for mid, kind in publisher.mids.items()},
        )
        await peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        self._published[room_name] += len(publisher.mids)

    async def watch(self, viewer: Viewer, room: int) -> None:
        name, room_name = f"viewer-{next(self._numbers)}", f"{ROOM}-{room}"
        await self._client.do(protocol.JoinRoom, room=room_name, participant=name, may_publish=())
        await self._client.do(protocol.Subscribe, room=room_name, participant=name)
        generation, tracks = 0, 0
        while tracks < self._published[room_name]:
            offer = await self._client.wait_for(
                protocol.SubscribeOffer,
                lambda event, seen=generation: (
                    event.participant == name and event.generation > seen
                ),
            )
            generation, tracks = offer.generation, len(offer.tracks)
            await self._client.do(
                protocol.SubscribeAnswer,
                room=room_name,
                participant=name,
                generation=generation,
                sdp=await _answer(viewer, offer.sdp),
            )


@contextlib.asynccontextmanager
async def relay_server() -> AsyncIterator[Server]:
    async with running_relay() as relay, control_client(relay) as client:
        yield Relay(relay.process.pid, client)


class Janus:
    """Debian's Janus with its VideoRoom plugin, over its WebSocket API."""

    def __init__(self, pid: int, ws: ClientConnection) -> None:
        self.pid = pid
        self._ws = ws
        self._numbers = itertools.count(1)
        self._answers: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._session = 0
        self._feeds: list[int] = []

    async def read(self) -> None:
        async for text in self._ws:
            message = json.loads(text)
            waiting = self._answers.get(message.get("transaction", ""))
            if waiting is not None:
                waiting.put_nowait(message)

    async def open(self) -> None:
        answer = await self._ask({"janus": "create"})
        self._session = answer["data"]["id"]
        handle = await self._attach()
        await self._ask(
            {
                "janus": "message",
                "handle_id": handle,
                "body": {
                    "request": "create",
                    "room": JANUS_ROOM,
                    "publishers": 50,
                    "bitrate": 5_000_000,
                    "videocodec": "vp8",
                    "audiocodec": "opus",
                },
            }
        )

    async def publish(self, publisher: Publisher, room: int) -> None:
        handle = await self._attach()
        joined = await self._tell(
            handle, {"request": "join", "ptype": "publisher", "room": JANUS_ROOM}
        )
        peer = publisher.peer
        await peer.setLocalDescription(await peer.createOffer())
        answer = await self._tell(
            handle, {"request": "configure"}, "offer", peer.localDescription.sdp
        )
        await peer.setRemoteDescription(RTCSessionDescription(answer["jsep"]["sdp"], "answer"))
        self._feeds.append(joined["plugindata"]["data"]["id"])

    async def watch(self, viewer: Viewer, room: int) -> None:
        handle = await self._attach()
        streams = [{"feed": feed} for feed in self._feeds]
        body = {"request": "join", "ptype": "subscriber", "room": JANUS_ROOM, "streams": streams}
        offer = await self._tell(handle, body)
        answer = await _answer(viewer, offer["jsep"]["sdp"])
        await self._tell(handle, {"request": "start", "room": JANUS_ROOM}, "answer", answer)

    async def _attach(self) -> int:
        answer = await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return int(answer["data"]["id"])

    async def _tell(
        self, handle: int, body: dict[str, Any], kind: str = "", sdp: str = ""
    ) -> dict[str, Any]:
        message: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        if kind:
            message["jsep"] = {"type": kind, "sdp": sdp}
        return await self._ask(message, awaited=("event", "error"))

    async def _ask(
        self, message: dict[str, Any], awaited: tuple[str, ...] = ("success", "error")
    ) -> dict[str, Any]:
        transaction = str(next(self._numbers))
        waiting = self._answers[transaction] = asyncio.Queue()
        message["transaction"] = transaction
        if self._session:
            message["session_id"] = self._session
        await self._ws.send(json.dumps(message))
        async with asyncio.timeout(20):
            while True:
                answer = await waiting.get()
                if answer["janus"] in awaited:
                    del self._answers[transaction]
                    assert answer["janus"] != "error", answer
                    return answer


@contextlib.asynccontextmanager
async def janus_server() -> AsyncIterator[Server]:
    """A Janus of our own: two of its parts, a configuration in a temporary folder, loopback."""
    assert JANUS is not None
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        _write_janus_config(Path(folder), port)
        process = await asyncio.create_subprocess_exec(
            JANUS,
            "--configs-folder",
            folder,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with await _connect_janus(port) as ws:
                janus = Janus(process.pid, ws)
                reader = asyncio.create_task(janus.read())
                await janus.open()
                yield janus
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _connect_janus(port: int) -> ClientConnection:
    subprotocols: Any = ["janus-protocol"]
    for _ in range(100):
        with contextlib.suppress(OSError):
            return await connect(f"ws://127.0.0.1:{port}", subprotocols=subprotocols, max_size=None)
        await asyncio.sleep(0.1)
    raise TimeoutError("Janus did not open its WebSocket within ten seconds.")


def _write_janus_config(folder: Path, port: int) -> None:
    plugin = next(JANUS_PARTS.glob("**/janus/plugins/libjanus_videoroom.so"))
    for kind, part in (("plugins", "videoroom"), ("transports", "websockets")):
        parts = folder / kind
        parts.mkdir()
        name = f"libjanus_{part}.so"
        (parts / name).symlink_to(plugin.parents[1] / kind / name)
    (folder / "janus.jcfg").write_text(
        f"""general: {{
  plugins_folder = "{folder}/plugins"
  transports_folder = "{folder}/transports"
  events_folder = "{folder}/none"
  loggers_folder = "{folder}/none"
  debug_level = 1
}}
nat: {{ ice_enforce_list = "127.0.0.1" }}
""",
        encoding="utf-8",
    )
    (folder / "janus.transport.websockets.jcfg").write_text(
        f'general: {{ ws = true\n ws_port = {port}\n ws_ip = "127.0.0.1" }}\n', encoding="utf-8"
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n", encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def _answer(viewer: Viewer, offer: str) -> str:
    await viewer.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    # The sockets are bound while the answer is made; what counts has to be there before media.
    answer = await viewer.peer.createAnswer()
    await viewer.peer.setLocalDescription(answer)
    viewer.tap()
    sdp: str = viewer.peer.localDescription.sdp
    return sdp
