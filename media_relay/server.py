"""The control door: a WebSocket for requests and events, two HTTP pages for those who watch."""

import asyncio
import hmac
import json
import logging
from collections import deque
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response as HttpResponse

from media_relay.config import Config
from media_relay.errors import ProtocolError
from media_relay.metrics import CONTENT_TYPE
from media_relay.protocol import (
    MAX_MESSAGE_BYTES,
    Error,
    Message,
    Request,
    decode,
    encode,
    read_request_id,
)
from media_relay.recording.fetching import answer_fetch
from media_relay.relay import Relay

logger = logging.getLogger(__name__)

CONTROL_PATH = "/control"
HEALTH_PATH = "/healthz"
RECORDINGS_PATH = "/recordings/"
METRICS_PATH = "/metrics"
MAX_QUEUED_MESSAGES = 2_000  # beyond, or beyond the bytes, the connection is cut: the reader
MAX_QUEUED_BYTES = 8 * 1024 * 1024  # comes back and gets a fresh snapshot
CLOSE_BAD_MESSAGE = 4000
CLOSE_SLOW_READER = 4029
CLOSE_RESTART = 1012
PING_INTERVAL_S = 5.0
PING_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0


class ControlConnection:
    """One control connection with its bounded queue."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._queue: deque[str] = deque()
        self._queued_bytes = 0
        self._has_messages = asyncio.Event()
        self._is_drained = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def post(self, text: str) -> None:
        """Queue a message; a reader that is too slow loses its connection, not the relay."""
        if self._closing is not None:
            return
        self._queue.append(text)
        self._queued_bytes += len(text)
        self._is_drained.clear()
        if len(self._queue) > MAX_QUEUED_MESSAGES or self._queued_bytes > MAX_QUEUED_BYTES:
            self.cut(CLOSE_SLOW_READER, "The reader is too slow.")
        self._has_messages.set()

    def cut(self, code: int, reason: str) -> None:
        """Close for the reason that the code says."""
        if self._closing is None:
            self._queue.clear()
            self._queued_bytes = 0
            self._closing = asyncio.create_task(self._socket.close(code, reason))

    async def write(self) -> None:
        """Send what is queued until the connection ends."""
        while True:
            await self._has_messages.wait()
            self._has_messages.clear()
            while self._queue:
                text = self._queue.popleft()
                self._queued_bytes -= len(text)
                await self._socket.send(text)
            self._is_drained.set()

    async def flush(self) -> None:
        """Wait until all that was queued is sent."""
        await self._is_drained.wait()


class ControlServer:
    """Lets the web process in, hands its requests to the relay, carries answers and events back."""

    def __init__(self, config: Config, relay: Relay) -> None:
        self._config = config
        self._relay = relay
        self._wanted = f"Bearer {config.secret}".encode()
        self._connections: set[ControlConnection] = set()
        self._server: Server | None = None

    async def start(self) -> int:
        """Listen; the port that was taken."""
        self._server = await serve(
            self._serve,
            self._config.control_host,
            self._config.control_port,
            process_request=self._let_in,
            max_size=MAX_MESSAGE_BYTES,
            compression=None,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            server_header=None,
        )
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    async def stop(self) -> None:
        """Give the goodbye a moment to leave, then close with 1012: come back elsewhere."""
        connections = list(self._connections)
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await asyncio.gather(*(connection.flush() for connection in connections))
        except TimeoutError:
            logger.info("A control connection did not read the goodbye.")
        for connection in connections:
            connection.cut(CLOSE_RESTART, "The relay stops.")
        if self._server is not None:
            self._server.close(close_connections=True, code=CLOSE_RESTART)
            await self._server.wait_closed()

    async def _let_in(self, socket: ServerConnection, request: HttpRequest) -> HttpResponse | None:
        """Answer probes; let only the bearer of the secret fetch files and open the control
        connection."""
        path = request.path.partition("?")[0]
        if path == HEALTH_PATH:
            return self._health(socket)
        if path not in {CONTROL_PATH, METRICS_PATH} and not path.startswith(RECORDINGS_PATH):
            return socket.respond(HTTPStatus.NOT_FOUND, "Not found.\n")
        # A browser always says where it comes from; no browser has business here.
        if not self._is_bearer(request) or "Origin" in request.headers:
            return socket.respond(HTTPStatus.UNAUTHORIZED, "The secret is wrong or missing.\n")
        if path == METRICS_PATH:
            return _respond(socket, HTTPStatus.OK, self._relay.figures.metrics(), CONTENT_TYPE)
        if path == CONTROL_PATH:
            return None
        return await answer_fetch(self._relay.recorder, path.removeprefix(RECORDINGS_PATH), request)

    def _is_bearer(self, request: HttpRequest) -> bool:
        offered = request.headers.get_all("Authorization")
        return len(offered) == 1 and hmac.compare_digest(
            offered[0].encode("utf-8", "replace"), self._wanted
        )

    def _health(self, socket: ServerConnection) -> HttpResponse:
        status = HTTPStatus.SERVICE_UNAVAILABLE if self._relay.rooms.is_draining else HTTPStatus.OK
        text = json.dumps(self._relay.figures.health()) + "\n"
        return _respond(socket, status, text, "application/json")

    async def _serve(self, socket: ServerConnection) -> None:
        connection = ControlConnection(socket)
        self._connections.add(connection)
        connection.post(encode(self._relay.open_channel(connection)))
        writer = asyncio.create_task(connection.write())
        try:
            async for frame in socket:
                if not isinstance(frame, str):
                    connection.cut(CLOSE_BAD_MESSAGE, "Messages are text.")
                    break
                answer = self._answer(frame, connection)
                if answer is not None:
                    connection.post(encode(answer))
        except ConnectionClosed:
            logger.info("A control connection broke.")
        finally:
            self._connections.discard(connection)
            self._relay.close_channel(connection)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _answer(self, text: str, connection: ControlConnection) -> Message | None:
        try:
            message = decode(text)
        except ProtocolError as error:
            return _bad_message(read_request_id(text), error.sentence)
        if not isinstance(message, Request):
            return _bad_message(read_request_id(text), "Only requests are sent to the relay.")
        if self._relay.requests.keeps_silent(message):
            return None
        return self._relay.requests.do(message, connection)


def _respond(
    socket: ServerConnection, status: HTTPStatus, text: str, content_type: str
) -> HttpResponse:
    response = socket.respond(status, text)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    return response


def _bad_message(request_id: str | None, sentence: str) -> Error:
    return Error(id=request_id, code="bad_message", sentence=sentence[:2000])
