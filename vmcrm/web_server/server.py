"""The server that `manage.py up` starts: where it listens, its limits, and its clock."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import uvicorn
import uvloop

from vmcrm import sign_of_life
from vmcrm.proxies import Network, is_trusted, parse_address
from vmcrm.web_server.connections import HttpConnection, RoomSocket
from vmcrm.web_server.doorkeeper import Doorkeeper, Limits, group_of

logger = logging.getLogger(__name__)

TICKS_PER_SECOND = 10  # of uvicorn's main loop
REPORT_EVERY_S = 60
MAX_MESSAGE_BYTES = 65_536
TLS_WITHIN_S = 10.0


class Loop(uvloop.Loop):
    """An event loop that waits for a TLS handshake no longer than for a request."""

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("ssl"):
            kwargs |= {"ssl_handshake_timeout": TLS_WITHIN_S, "ssl_shutdown_timeout": TLS_WITHIN_S}
        return await super().create_server(*args, **kwargs)


class WebServer(uvicorn.Server):
    """uvicorn, which besides serving looks after its connections and gives a sign of life."""

    def __init__(self, config: uvicorn.Config, doorkeeper: Doorkeeper) -> None:
        super().__init__(config)
        self._doorkeeper = doorkeeper

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_PER_SECOND == 0:
            self._doorkeeper.sweep(asyncio.get_running_loop().time())
            sign_of_life.give()
        if counter % (TICKS_PER_SECOND * REPORT_EVERY_S) == 0:
            self._report()
        return await super().on_tick(counter)

    def _report(self) -> None:
        """One line a minute for what may be thousands of connections."""
        ended = self._doorkeeper.ended
        if ended:
            words = ", ".join(f"{count} {fault.value}" for fault, count in ended.most_common())
            logger.warning("Connections ended: %s; %d open", words, self._doorkeeper.visits)
            ended.clear()


def make_server(
    application: Any,
    *,
    host: str,
    port: int,
    limits: Limits,
    trusted_proxies: Sequence[Network] = (),
    tls_files: tuple[str, str] | None = None,
) -> WebServer:
    """A server that does not run yet. Port 0 takes any free one."""
    doorkeeper = Doorkeeper(limits)
    # What uvicorn wants is something to call for each connection; it names a class.
    http: Any = partial(
        HttpConnection, doorkeeper=doorkeeper, find_group=_make_find_group(trusted_proxies)
    )
    certificate, key = tls_files or (None, None)
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="vmcrm.web_server.server:Loop",
        http=http,
        ws=RoomSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        lifespan="off",
        timeout_graceful_shutdown=3,
        access_log=False,
        log_config=None,  # ours masks what must not stand in a log
        server_header=False,
        proxy_headers=False,  # vmcrm.proxies reads them, by one rule for every server
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    return WebServer(config, doorkeeper)


def _make_find_group(trusted_proxies: Sequence[Network]) -> Callable[[str], str]:
    """Behind a proxy everybody has its address; whom it lets in is the proxy's to count."""

    def find_group(address: str) -> str:
        return "" if is_trusted(parse_address(address), trusted_proxies) else group_of(address)

    return find_group
