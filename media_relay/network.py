"""Where this machine is reached, by itself and by its network."""

import socket

LOOPBACK = "127.0.0.1"


def find_own_address() -> str:
    """The address that this machine uses towards its network; loopback when it has none.

    Connecting a datagram socket only asks the routing table; nothing is sent. 192.0.2.0/24 is
    reserved for documentation (RFC 5737).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return LOOPBACK


def find_own_addresses() -> tuple[str, ...]:
    """Loopback and the address above, while there is one.

    Browsers on this machine reach either, but not every browser both: Firefox has no candidate on
    loopback, and Chromium may have no other while there is no network.
    """
    return tuple(dict.fromkeys((LOOPBACK, find_own_address())))
