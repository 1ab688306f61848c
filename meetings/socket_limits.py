"""What one socket may cost: how many messages it sends, how many bytes may wait for it."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

MESSAGES_PER_S: Final = 20.0
MESSAGES_AT_ONCE: Final = 60
OUTBOX_BYTES: Final = 1_048_576


class TokenBucket:
    """`at_once` messages immediately, then `per_s` each second."""

    def __init__(
        self,
        per_s: float = MESSAGES_PER_S,
        at_once: int = MESSAGES_AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_s = per_s
        self._most = float(at_once)
        self._clock = clock
        self._tokens = float(at_once)
        self._filled_at = clock()

    def take(self) -> bool:
        """Whether one more message may pass now."""
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._filled_at) * self._per_s)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class OutboxFull(Exception):
    """The reader is too slow: more waits for it than it may cost us."""


class Outbox:
    """Texts on their way to one socket, counted until they are written. Nothing is dropped in
    the middle: a reader that is too slow is cut off and starts over with a snapshot."""

    def __init__(self, max_bytes: int = OUTBOX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._texts: asyncio.Queue[str | int] = asyncio.Queue()
        self._sizes = 0

    def put(self, text: str) -> None:
        """Raises OutboxFull."""
        size = len(text.encode())
        if self._sizes + size > self._max_bytes:
            raise OutboxFull
        self._sizes += size
        self._texts.put_nowait(text)

    def put_close(self, code: int) -> None:
        """After everything else: close the socket with this code."""
        self._texts.put_nowait(code)

    async def get(self) -> str | int:
        """The next text, or the code to close with."""
        return await self._texts.get()

    def written(self, text: str) -> None:
        """The text has left us."""
        self._sizes -= len(text.encode())
