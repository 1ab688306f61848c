"""Learn once that a socket has something to read, and nothing more until one asks again."""

import asyncio
import select
from collections.abc import Callable


class Doorbell:
    """Rings `answer` on the event loop when `fd` becomes readable after `arm`.

    The loop's own add_reader and remove_reader cost a dozen system calls for each ring. Here the
    loop watches an epoll of one descriptor (epoll(7), EPOLLONESHOT), for which arming is one call;
    `uses_epoll` is false where the platform has none.
    """

    def __init__(self, fd: int, answer: Callable[[], None], *, uses_epoll: bool) -> None:
        self._fd = fd
        self._answer = answer
        self._loop = asyncio.get_running_loop()
        self._epoll: select.epoll | None = None
        if uses_epoll:
            self._epoll = select.epoll()
            self._epoll.register(fd, 0)
            self._loop.add_reader(self._epoll.fileno(), self._ring)

    def arm(self) -> None:
        """Ring at the next datagram, or at once when one is there."""
        if self._epoll is not None:
            self._epoll.modify(self._fd, select.EPOLLIN | select.EPOLLONESHOT)
        else:
            self._loop.add_reader(self._fd, self._ring)

    def close(self) -> None:
        """Ring no more; before the descriptor is closed."""
        if self._epoll is not None:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
        else:
            self._loop.remove_reader(self._fd)

    def _ring(self) -> None:
        if self._epoll is not None:
            self._epoll.poll(0)  # takes the event, which disarms
        else:
            self._loop.remove_reader(self._fd)
        self._answer()
