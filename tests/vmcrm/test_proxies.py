"""Who may say whom a request comes from."""

from ipaddress import ip_network

import pytest
from django.core.handlers.asgi import ASGIRequest

from vmcrm.proxies import TrustedProxies

TRUSTED = [ip_network("127.0.0.1"), ip_network("10.0.0.0/24"), ip_network("::1")]
STRANGER, PROXY = "203.0.113.9", "127.0.0.1"


async def settle(kind: str = "http", client: str = PROXY, trusted=TRUSTED, **headers: str) -> dict:
    """The scope as the application sees it; `x_real_ip="..."` is a header."""
    seen = []

    async def application(scope, receive, send):
        seen.append(scope)

    scope = {
        "type": kind,
        "method": "GET",
        "path": "/",
        "scheme": "http" if kind == "http" else "ws",
        "client": (client, 5000),
        "headers": [
            (b"host", b"inner:8000"),
            *((name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()),
        ],
    }
    await TrustedProxies(application, trusted)(scope, None, None)
    return seen[0]


ALL = {
    "x_forwarded_for": "198.51.100.7",
    "x_forwarded_proto": "https",
    "x_forwarded_host": "meet.example.com",
    "x_real_ip": "198.51.100.7",
    "forwarded": "for=198.51.100.7",
}


@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
async def test_trusted_proxy_names_address_scheme_and_host(kind, scheme):
    scope = await settle(kind, **ALL)

    assert (scope["client"], scope["scheme"]) == (("198.51.100.7", 0), scheme)
    assert scope["headers"] == [(b"host", b"meet.example.com")]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(("client", "trusted"), [(STRANGER, TRUSTED), (PROXY, [])])
async def test_headers_of_anybody_else_are_dropped(kind, client, trusted):
    scope = await settle(kind, client, trusted, **ALL)

    assert (scope["client"], scope["scheme"]) == ((client, 5000), {"http": "http"}.get(kind, "ws"))
    assert scope["headers"] == [(b"host", b"inner:8000")]


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        ("1.1.1.1, 198.51.100.7", "198.51.100.7"),  # the visitor's own word stands before it
        ("198.51.100.7, 10.0.0.3", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("10.0.0.4, 10.0.0.3", "10.0.0.4"),
        ("198.51.100.7, <script>", PROXY),
        ("<script>, 10.0.0.3", "10.0.0.3"),
        ("", PROXY),
    ],
)
async def test_visitor_is_the_last_address_that_is_no_proxy_of_ours(hops, client):
    scope = await settle(x_forwarded_for=hops)

    assert scope["client"][0] == client


async def test_request_of_a_proxy_over_https_is_secure_for_django():
    behind = ASGIRequest(await settle(**ALL), None)
    forged = ASGIRequest(await settle(client=STRANGER, **ALL), None)

    assert (behind.is_secure(), behind.META["REMOTE_ADDR"]) == (True, "198.51.100.7")
    assert (forged.is_secure(), forged.META["REMOTE_ADDR"]) == (False, STRANGER)
