"""A machine that goes from one network to another: the relay opens its ports there and says so."""

import logging
from collections.abc import Callable, Sequence

from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport.tcp import TcpListener
from media_relay.transport.udp import UdpSocket

logger = logging.getLogger(__name__)

LOOK_INTERVAL_S = 2.0
OpenPorts = Callable[[Sequence[str]], tuple[list[UdpSocket], list[TcpListener]]]


class Roaming:
    """Keeps an endpoint at the addresses that the machine has, `find` being asked for them.

    Ports of an address that was left stay open: the machine may come back, and whoever still gets
    through goes on. They are no longer named to browsers.
    """

    def __init__(
        self,
        endpoint: MediaEndpoint,
        *,
        addresses: Sequence[str],
        find: Callable[[], Sequence[str]],
        open_ports: OpenPorts,
    ) -> None:
        self._endpoint = endpoint
        self._find = find
        self._open_ports = open_ports
        self._current = tuple(addresses)
        self._opened = set(addresses)
        self._not_opened: list[str] = []  # at the last look, which said so

    def look(self, _now: float) -> None:
        """Now and then; what cannot be opened yet is tried again at the next look."""
        found = tuple(self._find())
        if found == self._current:
            return
        new = [ip for ip in found if ip not in self._opened]
        try:
            sockets, listeners = self._open_ports(new)
        except OSError as error:
            if new != self._not_opened:
                logger.warning("Browsers cannot reach %s yet: %s", ", ".join(new), error)
            self._not_opened = new
            return
        self._not_opened = []
        self._endpoint.open(sockets, listeners)
        self._endpoint.advertise(found)
        self._opened.update(new)
        self._current = found
        logger.info("Browsers reach the relay at %s from now on.", ", ".join(found))
