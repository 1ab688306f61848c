"""Real DTLS between two ends in memory, with somebody who is quicker than the client."""

import asyncio
from collections.abc import Awaitable, Callable

from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

from media_relay.transport.cookies import ASK_FOR_S, CookiePolicy, CookieTransport
from tests.media_relay.attacker import client_hello


class End:
    """What aiortc asks of an ICE transport."""

    role = "controlled"

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self.peer: End | None = None
        self._recv: Callable[[], Awaitable[bytes]] = self.arrived.get

    async def _send(self, data: bytes) -> None:
        if self.peer is not None:
            self.peer.arrived.put_nowait(data)


def parameters_of(certificate: RTCCertificate, role: str) -> RTCDtlsParameters:
    [fingerprint] = [
        entry for entry in certificate.getFingerprints() if entry.algorithm == "sha-256"
    ]
    return RTCDtlsParameters([RTCDtlsFingerprint("sha-256", fingerprint.value)], role)


async def shake_hands(make: type[RTCDtlsTransport], *before: bytes) -> tuple[str, str]:
    """The states of server and client after a handshake that these datagrams go ahead of."""
    near, far = End(), End()
    near.peer, far.peer = far, near
    own, theirs = RTCCertificate.generateCertificate(), RTCCertificate.generateCertificate()
    server, client = make(near, [own]), RTCDtlsTransport(far, [theirs])
    server._set_role("server")
    client._set_role("client")
    for datagram in before:
        near.arrived.put_nowait(datagram)
    serving = asyncio.create_task(server.start(parameters_of(theirs, "client")))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(5):
        await asyncio.gather(serving, client.start(parameters_of(own, "server")))
    states = server.state, client.state
    await asyncio.gather(server.stop(), client.stop())
    return states


async def test_client_shows_its_cookie_and_is_connected() -> None:
    assert await shake_hands(CookieTransport) == ("connected", "connected")


async def test_forged_first_flight_takes_a_handshake_without_a_cookie() -> None:
    assert "failed" in await shake_hands(RTCDtlsTransport, client_hello())


async def test_forged_first_flights_and_noise_are_nothing_to_a_server_that_asks() -> None:
    forged = [client_hello(), b"", bytes(13), client_hello()[:60], client_hello(), b"\x16" * 400]

    assert await shake_hands(CookieTransport, *forged) == ("connected", "connected")


def test_cookies_are_asked_for_only_for_a_while_after_a_failure() -> None:
    policy = CookiePolicy()

    assert not policy.asks(1_000.0)
    policy.note_failure(1_000.0)
    assert policy.asks(1_000.0 + ASK_FOR_S - 1)
    assert not policy.asks(1_000.0 + ASK_FOR_S)
