"""Whom a request comes from: the one place where headers of proxies are believed.

Only an address listed in VMCRM_TRUSTED_PROXIES may name the visitor's address, scheme and host.
From everybody these headers are taken away, so that nothing behind (rate limits, accounts, logs,
the socket of the room) can read them a second time and by another rule.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Header = tuple[bytes, bytes]
Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

FORWARDING_HEADERS = {
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-proto",
    b"x-forwarded-server",
    b"x-real-ip",
}


@dataclass(frozen=True)
class Visitor:
    """What trusted proxies say of a request; None where they say nothing that can be used."""

    address: str | None = None
    is_secure: bool | None = None
    host: bytes | None = None


def parse_address(text: str) -> Address | None:
    """The address in `text`, without port and brackets; IPv4 inside IPv6 is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)


def read_visitor(headers: Iterable[Header], trusted: Sequence[Network]) -> Visitor:
    """What the headers of a request say that came from a trusted proxy."""
    values: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name in FORWARDING_HEADERS:
            words = value.decode("latin-1").split(",")
            values.setdefault(name, []).extend(word.strip() for word in words)
    # Of several words the last is the nearest proxy's own; those before it may be anybody's.
    proto = values.get(b"x-forwarded-proto", [""])[-1].lower()
    host = values.get(b"x-forwarded-host", [""])[-1]
    return Visitor(
        address=_find_visitor(values.get(b"x-forwarded-for", []), trusted),
        is_secure={"https": True, "wss": True, "http": False, "ws": False}.get(proto),
        host=host.encode("latin-1") or None,
    )


def _find_visitor(hops: Sequence[str], trusted: Sequence[Network]) -> str | None:
    """Each proxy appends whom it saw: from the right, the first that is not one of ours."""
    found: Address | None = None
    for hop in reversed(hops):
        address = parse_address(hop)
        if address is None:
            break
        found = address
        if not is_trusted(address, trusted):
            break
    return None if found is None else str(found)


class TrustedProxies:
    """ASGI middleware around everything: client, scheme and host are true from here on."""

    def __init__(self, application: Application, trusted: Sequence[Network]) -> None:
        self._application = application
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"}:
            scope = self._settle(scope)
        await self._application(scope, receive, send)

    def _settle(self, scope: Scope) -> Scope:
        headers = [header for header in scope["headers"] if header[0] not in FORWARDING_HEADERS]
        if len(headers) == len(scope["headers"]):
            return scope
        settled = {**scope, "headers": headers}
        client = scope.get("client")
        if client and is_trusted(parse_address(client[0]), self._trusted):
            _apply(read_visitor(scope["headers"], self._trusted), settled)
        return settled


def _apply(visitor: Visitor, scope: Scope) -> None:
    if visitor.address is not None:
        scope["client"] = (visitor.address, 0)
    if visitor.is_secure is not None:
        plain = "ws" if scope["type"] == "websocket" else "http"
        scope["scheme"] = f"{plain}s" if visitor.is_secure else plain
    if visitor.host is not None:
        others = [header for header in scope["headers"] if header[0] != b"host"]
        scope["headers"] = [(b"host", visitor.host), *others]
