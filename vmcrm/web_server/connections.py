"""uvicorn's two protocols under the eyes of the doorkeeper."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from vmcrm.web_server.doorkeeper import ANSWERED, Doorkeeper, Fault, Phase, Visit, group_of

logger = logging.getLogger(__name__)
# Says of each socket four times at which stage it is: whoever refuses one has said why already.
socket_logger = logging.getLogger(f"{__name__}.sockets")

TOO_MANY = "Too many connections. Try again in a moment.\n连接过多，请稍后再试。\n"
TOO_SLOW = "The request took too long.\n请求耗时过长。\n"
BAD_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class HttpConnection(H11Protocol):
    """Requests for pages, one after the other. `find_group` says whom an address counts for."""

    visit: Visit

    def __init__(
        self,
        *args: Any,
        doorkeeper: Doorkeeper,
        find_group: Callable[[str], str] = group_of,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._doorkeeper = doorkeeper
        self._find_group = find_group
        self._is_unread = False

    # --- called by the event loop ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        group = self._find_group(self.client[0]) if self.client else ""
        self.visit = Visit(group, self, since=self.loop.time())
        if not self._doorkeeper.enter(self.visit):
            self._close_with(503, TOO_MANY)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self.visit.received_bytes += len(data)
        super().data_received(data)
        self._say_phase()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._say_phase()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        super().handle_websocket_upgrade(event)
        socket = cast("RoomSocket", self.transport.get_protocol())
        socket.watch(self.visit, self._doorkeeper)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._doorkeeper.leave(self.visit)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_unread = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_unread = False

    # --- for the doorkeeper ---

    def is_closing(self) -> bool:
        return bool(self.transport.is_closing())

    def is_unread(self) -> bool:
        return self._is_unread

    def is_held(self) -> bool:
        return bool(self.flow.read_paused)

    def end(self, fault: Fault) -> None:
        if fault not in ANSWERED:
            self.transport.abort()
        elif self.visit.phase is Phase.WAITING and not self.visit.received_bytes:
            self.transport.close()  # browsers keep some in stock: no answer without a question
        else:
            self._close_with(408, TOO_SLOW)

    def _say_phase(self) -> None:
        if self.visit.phase is Phase.SOCKET:
            return
        if self.cycle is None or self.cycle.response_complete:
            phase = Phase.WAITING
        else:
            phase = Phase.RECEIVING if self.cycle.more_body else Phase.ANSWERING
        self._doorkeeper.turn(self.visit, phase, self.loop.time())

    def _close_with(self, status: int, sentence: str) -> None:
        """Answers as far as nothing has been answered yet, then closes."""
        body = sentence.encode()
        headers = [
            ("content-type", "text/plain; charset=utf-8"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        answer = [
            h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ]
        with contextlib.suppress(h11.LocalProtocolError):
            for event in answer:
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class RoomSocket(WebSocketsSansIOProtocol):
    """The socket of a room, once the connection has become one."""

    _visit: Visit | None = None
    _doorkeeper: Doorkeeper | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.conn.logger = socket_logger

    def watch(self, visit: Visit, doorkeeper: Doorkeeper) -> None:
        """From now on the connection of `visit` is this socket."""
        self._visit, self._doorkeeper = visit, doorkeeper
        visit.connection = self
        doorkeeper.turn(visit, Phase.SOCKET, self.loop.time())

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse_handshake()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._visit is not None and self._doorkeeper is not None:
            self._doorkeeper.leave(self._visit)

    # --- for the doorkeeper ---

    def is_closing(self) -> bool:
        return bool(self.transport.is_closing())

    def is_unread(self) -> bool:
        return not self.writable.is_set()

    def is_held(self) -> bool:
        return bool(self.read_paused)

    def end(self, fault: Fault) -> None:
        self.transport.abort()

    def _refuse_handshake(self) -> None:
        """Headers that cannot be read (control bytes, too long, too many): the parent class leaves
        the answer unsent and the connection open."""
        logger.warning(
            "Socket refused, its headers cannot be read; from %s", (self.client or "")[0]
        )
        self.transport.write(b"".join(self.conn.data_to_send()) or BAD_HANDSHAKE)
        self.transport.close()
