"""Requests on one connection to a relay, each with the answer that it waits for."""

import asyncio
import itertools
import logging
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from media_relay import protocol
from meetings.relay_client.errors import RelayRefused, RelayUnavailable

REQUEST_LIMIT_S: Final = 4.0
MOST_PENDING: Final = 500
"""Requests under way on one link; what comes on top is refused, not queued."""

logger = logging.getLogger(__name__)
_request_numbers = itertools.count(1)


def fresh_id() -> str:
    """An id that no other request of this process has."""
    return f"r{next(_request_numbers)}"


class Requests:
    """Those under way. Between connections nothing can be asked."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._socket: ClientConnection | None = None
        self._pending: dict[str, asyncio.Future[protocol.Message]] = {}

    def begin(self, socket: ClientConnection) -> None:
        self._socket = socket

    def end(self) -> None:
        """The connection is gone, and with it all answers."""
        self._socket = None
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the relay's connection broke"))

    async def ask(self, request: protocol.Request) -> protocol.Message:
        """The relay's answer. Raises RelayUnavailable or RelayRefused."""
        socket = self._socket
        if socket is None or len(self._pending) >= MOST_PENDING:
            raise RelayUnavailable
        answer = asyncio.get_running_loop().create_future()
        self._pending[request.id] = answer
        try:
            async with asyncio.timeout(REQUEST_LIMIT_S):
                await socket.send(protocol.encode(request))
                return _unless_refused(await answer)
        except (TimeoutError, OSError, WebSocketException) as error:
            logger.warning("The relay %s did not answer %s: %r", self._url, request.TYPE, error)
            raise RelayUnavailable from error
        finally:
            self._pending.pop(request.id, None)

    def settle(self, message: protocol.Answer | protocol.Error) -> None:
        answer = self._pending.get(message.id or "")
        if answer is not None and not answer.done():
            answer.set_result(message)


def _unless_refused(answer: protocol.Message) -> protocol.Message:
    if isinstance(answer, protocol.Error):
        raise RelayRefused(answer.code, answer.sentence)
    return answer
