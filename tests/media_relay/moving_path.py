"""A way between a browser and the relay whose far end can move, as from Wi-Fi to mobile.

The relay sees what a NAT in between would show it: one address for each of the browser's sockets.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

Address = tuple[str, int]


class _Outside(asyncio.DatagramProtocol):
    """Faces the relay on behalf of one socket of the browser."""

    def __init__(self, path: "MovingPath", browser: Address) -> None:
        self._path, self._browser = path, browser

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._path.inside.sendto(data, self._browser)


class _Inside(asyncio.DatagramProtocol):
    """Faces the browser."""

    def __init__(self, path: "MovingPath") -> None:
        self._path = path

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._path.carry(data, (addr[0], addr[1]))


class MovingPath:
    """Carries datagrams both ways; `move` gives the browser another address."""

    def __init__(self, relay: Address) -> None:
        self.inside: asyncio.DatagramTransport
        self.relay = relay
        self._outsides: dict[Address, asyncio.DatagramTransport] = {}
        self._opening: dict[Address, asyncio.Task[None]] = {}

    @property
    def port(self) -> int:
        """Where the browser believes the relay to be."""
        return int(self.inside.get_extra_info("sockname")[1])

    @property
    def seen_ports(self) -> set[int]:
        """Where the relay believes the browser to be."""
        return {outside.get_extra_info("sockname")[1] for outside in self._outsides.values()}

    def rewrite(self, sdp: str) -> str:
        """The relay's description with this path in place of its own candidate."""
        ip, port = self.relay
        candidate = f" {ip} {port} typ host"
        assert candidate in sdp
        return sdp.replace(candidate, f" {ip} {self.port} typ host")

    def carry(self, data: bytes, browser: Address) -> None:
        outside = self._outsides.get(browser)
        if outside is not None:
            outside.sendto(data, self.relay)
        elif browser not in self._opening:  # checks are sent again: the first one may be lost
            self._opening[browser] = asyncio.create_task(self._open(browser))

    async def move(self) -> None:
        """Close what the relay knows, so that nothing arrives there, and go on from new ports."""
        for browser, outside in list(self._outsides.items()):
            await self._open(browser)
            outside.close()

    async def _open(self, browser: Address) -> None:
        outside, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Outside(self, browser), local_addr=(self.relay[0], 0)
        )
        self._outsides[browser] = outside

    async def close(self) -> None:
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        self.inside.close()
        for outside in self._outsides.values():
            outside.close()


@contextlib.asynccontextmanager
async def moving_path(relay: Address) -> AsyncIterator[MovingPath]:
    path = MovingPath(relay)
    path.inside, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Inside(path), local_addr=(relay[0], 0)
    )
    try:
        yield path
    finally:
        await path.close()
