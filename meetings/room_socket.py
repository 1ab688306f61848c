"""The mechanics of one socket: limits, order, closing. What is said on it is the consumer's.

Three tasks serve a socket: Channels dispatches what arrives, a worker handles the page's messages
one after the other, a writer sends. So neither a slow query nor a slow reader holds up the news
that somebody was removed.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Coroutine
from typing import Any, Final

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import translation

from meetings import room_protocol as rp
from meetings.services import fanout
from meetings.socket_limits import Outbox, OutboxFull, TokenBucket

BAD_MESSAGES_ALLOWED: Final = 2
MOST_WAITING: Final = 64
"""Messages of the page that may wait for the worker; the bucket lets hardly more through."""

logger = logging.getLogger(__name__)


class RoomSocket(AsyncWebsocketConsumer):
    """Reads, queues, writes, cuts. A subclass opens, handles one message, and cleans up."""

    language = settings.LANGUAGE_CODE

    async def open(self) -> None:
        """The socket is accepted: find out whose it is. Messages wait meanwhile."""
        raise NotImplementedError

    async def handle(self, message: rp.ClientMessage) -> None:
        """One message of the page; must not raise."""
        raise NotImplementedError

    def forget(self) -> None:
        """Nobody may call this socket any more. May be called twice."""
        raise NotImplementedError

    async def vanish(self) -> None:
        """The socket is gone without a goodbye. May be called twice."""
        raise NotImplementedError

    # --- opening and closing --------------------------------------------------------------------

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._is_open = self._is_finished = False
        self._tasks: set[asyncio.Task[None]] = set()
        try:
            await super().__call__(scope, receive, send)
        except fanout.LAYER_AWAY:
            if self._is_open:
                raise
            logger.warning("No socket without the channel layer; the page will come back")
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": rp.CLOSE_SERVER_RESTARTS})
        finally:
            self._stop()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Channels' own also visits a thread to close database connections. Ours are closed
        where they are used, and a line of chat to 500 sockets must not cost 500 visits."""
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        self._is_open = True
        self.connection = uuid.uuid4().hex
        self._bucket, self._outbox = TokenBucket(), Outbox()
        self._inbox: asyncio.Queue[rp.ClientMessage] = asyncio.Queue(MOST_WAITING)
        self._bad_messages = 0
        self._groups: set[str] = set()
        await self.accept()
        self.start(self._write())
        await self.open()
        self.start(self._work())

    async def disconnect(self, code: int) -> None:
        self._is_finished = True
        await self._clean_up()
        raise StopConsumer

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run beside the rest, no longer than the socket lives."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._end_task)

    def _end_task(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("A task of a room socket failed", exc_info=error)

    def finish(self, code: int, last: rp.Typed | None = None) -> None:
        """Say the last word, take no more, close when everything is written."""
        if self._is_finished:
            return
        if last is not None:
            self.put(last)
        self._is_finished = True
        self._outbox.put_close(code)

    def _stop(self) -> None:
        mine = asyncio.current_task()
        for task in self._tasks - {mine}:
            task.cancel()
        self.forget()

    async def _clean_up(self) -> None:
        self._stop()
        for group in self._groups:
            with contextlib.suppress(*fanout.LAYER_AWAY):
                async with asyncio.timeout(fanout.SENDING_LIMIT_S):
                    await self.channel_layer.group_discard(group, self.channel_name)
        await self.vanish()

    # --- reading --------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._is_finished:
            return
        if not self._bucket.take() or self._inbox.full():
            self.finish(rp.CLOSE_TOO_MANY_MESSAGES)
            return
        try:
            with translation.override(self.language):
                self._inbox.put_nowait(rp.decode(text_data or ""))
        except rp.ProtocolError as error:
            self.put(rp.Error(id=error.message_id, code=error.code, sentence=error.sentence))
            self._bad_messages += 1
            if self._bad_messages > BAD_MESSAGES_ALLOWED:
                self.finish(rp.CLOSE_BAD_MESSAGE)

    async def _work(self) -> None:
        while not self._is_finished:
            message = await self._inbox.get()
            with translation.override(self.language):
                await self.handle(message)

    async def listen_to(self, group: str) -> None:
        """Hear what is said to the group. Raises one of LAYER_AWAY."""
        if group in self._groups:
            return
        async with asyncio.timeout(fanout.SENDING_LIMIT_S):
            await self.channel_layer.group_add(group, self.channel_name)
        self._groups.add(group)

    # --- writing --------------------------------------------------------------------------------

    def put(self, message: rp.Typed) -> None:
        """Send the message as soon as the page takes it."""
        self.put_text(rp.encode(message))

    def put_text(self, text: str) -> None:
        if self._is_finished:
            return
        try:
            self._outbox.put(text)
        except OutboxFull:
            self._is_finished = True
            self.start(self._cut())

    async def _cut(self) -> None:
        """The reader is too slow. The writer is stuck in the socket, so it goes first."""
        logger.info("A slow reader is cut off")
        await self._clean_up()
        await self.close(rp.CLOSE_SLOW_READER)

    async def _write(self) -> None:
        # A page that is gone shows as an OSError here; `disconnect` follows.
        with contextlib.suppress(OSError):
            while isinstance(item := await self._outbox.get(), str):
                await self.send(text_data=item)
                self._outbox.written(item)
            await self.close(item)
