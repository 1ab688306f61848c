"""The server itself, with short times and few places, on a loopback port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from websockets.asyncio.client import connect

from vmcrm.web_server.doorkeeper import Limits
from vmcrm.web_server.server import WebServer, make_server

SHORT = Limits(
    head_within_s=1.0,  # a loop that pauses between accept and read is no slow peer
    body_within_s=1.0,
    slowest_body_bytes_per_s=1e9,
    reads_within_s=0.2,
    closes_within_s=0.2,
    waiting_per_address=3,
    waiting=20,
    per_address=6,
    total=30,
)
PAGE = b"GET /page HTTP/1.1\r\nHost: here\r\n\r\n"
UPGRADE = (
    b"GET /room HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
HUGE = 24 * 1024 * 1024


async def application(scope, receive, send):
    """/huge sends more than any buffer holds; a socket answers what it is told."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    while (await receive()).get("more_body"):
        pass
    body = b"x" * (HUGE if scope["path"] == "/huge" else 5)
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def running(limits: Limits = SHORT) -> AsyncIterator[tuple[WebServer, int]]:
    server = make_server(application, host="127.0.0.1", port=0, limits=limits)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)


async def talk(port: int, said: bytes) -> bytes:
    """Says it and hears until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(said)
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b"reset"
    finally:
        writer.close()


async def test_peer_that_does_not_come_to_an_end_is_cut():
    said = [
        b"",  # as browsers open some in stock
        b"GET / HTTP/1.1\r\nHost: here\r\nX-",
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 99\r\n\r\nx",
        PAGE + b"GET / HT",
    ]
    async with running(replace(SHORT, waiting_per_address=9)) as (_server, port):
        heard = await asyncio.gather(*(talk(port, words) for words in said))

    assert [answer[:12] for answer in heard] == [
        b"",
        b"HTTP/1.1 408",
        b"HTTP/1.1 408",
        b"HTTP/1.1 200",
    ]


async def test_answer_that_nobody_reads_is_given_up():
    async with running() as (server, port):
        _reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(PAGE.replace(b"page", b"huge"))
        await writer.drain()

        await until(lambda: server.server_state.total_requests == 1)
        await until(lambda: not server.server_state.connections)

        writer.close()


async def test_waiting_crowd_of_one_address_makes_room_for_a_request():
    async with running(Limits(waiting_per_address=3)) as (server, port):
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
        answer = await talk(port, PAGE.replace(b"Host", b"Connection: close\r\nHost"))
        await until(lambda: len(server.server_state.connections) <= 3)
        for _reader, writer in crowd:
            writer.close()

    assert answer.endswith(b"xxxxx")


async def test_address_above_its_share_is_told_to_come_back():
    async with running(Limits(per_address=2)) as (_server, port):
        url = f"ws://127.0.0.1:{port}/room"
        async with connect(url, proxy=None) as one, connect(url, proxy=None) as two:
            refused = await talk(port, b"")
            await one.send("still here")
            heard = await one.recv()
            await two.close()
        again = await talk(port, PAGE.replace(b"Host", b"Connection: close\r\nHost"))

    assert refused.startswith(b"HTTP/1.1 503")
    assert "连接过多".encode() in refused
    assert heard == "still here"
    assert again.endswith(b"xxxxx")


async def test_handshake_that_cannot_be_read_is_refused_at_once():
    odd = [
        b"X-Odd: a\x01b\r\n",
        b"X-Odd: a\x7fb\r\n",
        b"X-Long: " + b"a" * 9_000 + b"\r\n",
        b"".join(b"X-%d: a\r\n" % number for number in range(200)),
    ]
    async with running(Limits()) as (_server, port):
        heard = await asyncio.gather(*(talk(port, UPGRADE + lines + b"\r\n") for lines in odd))

    statuses = [answer[:12] for answer in heard]
    assert statuses == [b"HTTP/1.1 400"] * 2 + [b"HTTP/1.1 431"] * 2


async def test_forged_address_reaches_nobody():
    """uvicorn's own belief in headers from loopback is off."""
    seen = []

    async def note(scope, receive, send):
        seen.append(scope["client"][0])
        await application(scope, receive, send)

    server = make_server(note, host="127.0.0.1", port=0, limits=SHORT)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    await talk(port, PAGE.replace(b"Host", b"X-Forwarded-For: 198.51.100.7\r\nHost"))
    server.should_exit = True
    await task

    assert seen == ["127.0.0.1"]
