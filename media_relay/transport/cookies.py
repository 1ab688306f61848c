"""Have a DTLS client prove its address before it is answered (RFC 6347 section 4.2.1).

Who writes somebody's address on a first flight of their own, and is quicker than theirs, takes
their handshake. A cookie stops that, for it is sent to the address itself, but costs every joiner
a round trip: so it is asked for only in the minutes after a handshake came to nothing, and
whoever was kept out comes in with the next attempt.
"""

import hmac
import secrets
from typing import Any

from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from OpenSSL import SSL

ASK_FOR_S = 600.0


class CookiePolicy:
    """Whether cookies are asked for; one for all connections of a relay."""

    def __init__(self) -> None:
        self._failed_at = float("-inf")

    def note_failure(self, now: float) -> None:
        """A handshake was begun and came to nothing."""
        self._failed_at = now

    def asks(self, now: float) -> bool:
        """Whether whoever joins now has to show a cookie."""
        return now - self._failed_at < ASK_FOR_S


class CookieTransport(RTCDtlsTransport):
    """Answers a ClientHello without a cookie with one, and keeps nothing of it."""

    def __init__(self, transport: Any, certificates: list[RTCCertificate]) -> None:
        super().__init__(transport, certificates)
        self._certificate = certificates[0]

    async def _do_handshake(self) -> None:
        listening = SSL.Connection(self._make_context())
        listening.set_accept_state()
        self._ssl = listening  # in place of the one that never asks
        await self._await_cookie(listening)
        await super()._do_handshake()

    def _make_context(self) -> SSL.Context:
        cookie = secrets.token_bytes(32)
        profiles = self._srtp_profiles
        context = self._certificate._create_ssl_context(srtp_profiles=profiles)  # noqa: SLF001 - aiortc
        context.set_cookie_generate_callback(lambda _: cookie)
        context.set_cookie_verify_callback(lambda _, shown: hmac.compare_digest(shown, cookie))
        return context

    async def _await_cookie(self, listening: SSL.Connection) -> None:
        while True:
            try:
                listening.bio_write(await self.transport._recv())  # noqa: SLF001 - aiortc's contract
                listening.DTLSv1_listen()
            except SSL.WantReadError:
                await self._write_ssl()
            except SSL.Error:
                continue  # what is no ClientHello
            except ConnectionError:
                return  # the handshake that follows fails in the same way
            else:
                return
