"""The DTLS handshake of one connection, by aiortc, always as server (RFC 5763, RFC 5764).

aiortc's transport wants an ICE transport; it gets a pipe of the same shape that is fed DTLS
records only. RTP and RTCP never pass through it: the SRTP contexts are taken out once.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

from media_relay.sdp.description import Fingerprint
from media_relay.transport.cookies import CookieTransport
from media_relay.transport.srtp import InboundSrtp, OutboundSrtp

logger = logging.getLogger(__name__)

MAX_WAITING_RECORDS = 32  # a handshake has about five flights; the newest beyond are dropped
MIN_RECORD_BYTES = 13
HANDSHAKE_LIMIT_S = 30.0
CERTIFICATE_LIFE_S = 7 * 24 * 3600.0


@dataclass(frozen=True)
class SrtpPair:
    """Both directions, ready after the handshake."""

    inbound: InboundSrtp
    outbound: OutboundSrtp


class CertificateShop:
    """One certificate for many connections, made anew each week."""

    def __init__(self) -> None:
        self._certificate: RTCCertificate | None = None
        self._made_at = 0.0

    def current(self) -> RTCCertificate:
        if self._certificate is None or time.monotonic() - self._made_at > CERTIFICATE_LIFE_S:
            self._certificate = RTCCertificate.generateCertificate()
            self._made_at = time.monotonic()
        return self._certificate


def fingerprint_of(certificate: RTCCertificate) -> Fingerprint:
    """The SHA-256 fingerprint, which every browser accepts."""
    for candidate in certificate.getFingerprints():
        if candidate.algorithm == "sha-256":
            return Fingerprint(algorithm="sha-256", value=candidate.value)
    raise RuntimeError("The certificate has no SHA-256 fingerprint.")


class RecordPipe:
    """What aiortc's DTLS asks of an ICE transport: `role`, `_recv` and `_send`."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_record = send
        self._records: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_WAITING_RECORDS + 1)
        self._is_closed = False

    def feed(self, record: bytes) -> bool:
        """Keep a record for the handshake; false when it was dropped."""
        is_kept = (
            not self._is_closed
            and len(record) >= MIN_RECORD_BYTES
            and self._records.qsize() < MAX_WAITING_RECORDS
        )
        if is_kept:
            self._records.put_nowait(record)
        return is_kept

    def close(self) -> None:
        """Wake the reader with the end."""
        if not self._is_closed:
            self._is_closed = True
            self._records.put_nowait(None)

    async def _recv(self) -> bytes:
        record = None if self._is_closed else await self._records.get()
        if record is None:
            raise ConnectionError("The connection is closed.")
        return record

    async def _send(self, data: bytes) -> None:
        if self._is_closed:
            raise ConnectionError("The connection is closed.")
        self._send_record(data)


class DtlsServer:
    """Waits for the peer's handshake, checks its certificate, then watches for its end."""

    def __init__(
        self,
        certificate: RTCCertificate,
        *,
        asks_for_cookie: bool,
        send: Callable[[bytes], None],
        on_ready: Callable[[SrtpPair], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._pipe = RecordPipe(send)
        # It asks its ICE transport for sending and receiving alone, which the pipe does.
        ice: Any = self._pipe
        make = CookieTransport if asks_for_cookie else RTCDtlsTransport
        self._transport: Any = make(ice, [certificate])
        self._transport._set_role("server")  # noqa: SLF001 - before start, see RFC 5763 section 5
        self._on_ready = on_ready
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None
        self.feed = self._pipe.feed

    @property
    def is_started(self) -> bool:
        return self._task is not None

    def start(self, fingerprints: tuple[Fingerprint, ...]) -> None:
        """Begin the handshake; records that came earlier are waiting in the pipe."""
        parameters = RTCDtlsParameters(
            fingerprints=[
                RTCDtlsFingerprint(algorithm=entry.algorithm, value=entry.value)
                for entry in fingerprints
            ],
            role="client",
        )
        self._task = asyncio.create_task(self._run(parameters))

    async def close(self) -> None:
        """Tell the peer (close_notify) and stop."""
        try:
            await self._transport.stop()
        except Exception:
            logger.debug("DTLS close failed", exc_info=True)
        self._pipe.close()
        if self._task is not None:
            self._task.cancel()

    async def _run(self, parameters: RTCDtlsParameters) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_LIMIT_S):
                await self._transport.start(parameters)
        except TimeoutError:
            self._on_end("handshake_timeout")
            return
        except Exception:
            logger.debug("DTLS handshake failed", exc_info=True)
        if self._transport.state != "connected":
            self._on_end("handshake_failed")
            return
        self._transport.on("statechange", self._watch_end)
        self._on_ready(
            SrtpPair(
                inbound=InboundSrtp(self._transport._rx_srtp),  # noqa: SLF001 - see module text
                outbound=OutboundSrtp(self._transport._tx_srtp),  # noqa: SLF001
            )
        )

    def _watch_end(self) -> None:
        if self._transport.state in {"closed", "failed"}:
            self._on_end("peer_closed")
