"""One peer connection: who is at the other end, is it still there, and what it sends in the clear.

ICE finds the address, DTLS the keys; this object joins the two and keeps the consent clock.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from aiortc.rtcdtlstransport import RTCCertificate

from media_relay.protocol import CandidateType
from media_relay.sdp.description import Fingerprint
from media_relay.stats import Stats
from media_relay.transport.dtls import DtlsServer, SrtpPair
from media_relay.transport.ice import IceLite, Verdict
from media_relay.transport.inbox import MAX_DATAGRAM_BYTES
from media_relay.transport.mmsg import Address, SocketName
from media_relay.transport.outbox import Outlet
from media_relay.transport.srtp import MAX_TRAILER_BYTES, PacketBuffer, Refused
from media_relay.transport.udp import Path

logger = logging.getLogger(__name__)

State = Literal["connecting", "connected", "disconnected", "closed"]

CONSENT_S = 8.0  # RFC 7675: browsers check a quiet pair every 2.5 to 3.3 s
SETUP_LIMIT_S = 30.0  # from the description to the end of the handshake
SILENCE_LIMIT_S = 30.0  # disconnected for longer: given up
MAX_SSRCS = 64  # libsrtp keeps a context for each; four sources need at most 32 with simulcast
RTCP_TYPES = range(192, 224)  # RFC 5761 section 4


class Listener(Protocol):
    """Who uses a connection."""

    def on_rtp(self, packet: bytes, now: float) -> None:
        """A decrypted RTP packet arrived."""

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """A decrypted compound RTCP packet arrived."""

    def on_state(self, state: State) -> None:
        """The connection changed its state."""


def new_send_buffer() -> PacketBuffer:
    """A buffer that all connections of one endpoint seal their packets in."""
    return PacketBuffer(MAX_DATAGRAM_BYTES + MAX_TRAILER_BYTES)


class Connection:
    """The relay's end of one RTCPeerConnection."""

    def __init__(
        self,
        *,
        listener: Listener,
        certificate: RTCCertificate,
        asks_for_cookie: bool,
        on_handshake_failed: Callable[[float], None],
        buffer: PacketBuffer,
        stats: Stats,
        now: float,
    ) -> None:
        self.ice = IceLite()
        self.certificate = certificate
        self.state: State = "connecting"
        self.addresses: list[Address] = []  # authenticated ones, newest last; kept by the endpoint
        self._listener = listener
        self._buffer = buffer
        self._stats = stats
        self._on_handshake_failed = on_handshake_failed
        self._dtls = DtlsServer(
            certificate,
            asks_for_cookie=asks_for_cookie,
            send=self._send_plain,
            on_ready=self._keys_ready,
            on_end=self._end,
        )
        self._fingerprints: tuple[Fingerprint, ...] = ()
        self._srtp: SrtpPair | None = None
        self._socket: Path | None = None
        self._address: Address | None = None
        self._name = SocketName()
        self._outlet: Outlet | None = None
        self._described_at: float | None = None
        self._checked_at = now
        self._ssrcs: set[int] = set()
        self._closing: asyncio.Task[None] | None = None
        self._has_records = False  # the peer has begun to shake hands

    # --- signalling ---

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """The peer's fingerprints as signalled; empty until its description is known."""
        return self._fingerprints

    @property
    def candidate(self) -> CandidateType | None:
        """The kind of the relay's candidate that the peer uses; None before its first check."""
        return None if self._socket is None else self._socket.candidate_type

    @property
    def address(self) -> Address | None:
        """Where packets for the peer go now; None before its first check."""
        return self._address

    @property
    def remote_ip(self) -> str:
        """Where its packets come from; empty before its first check."""
        return "" if self._address is None else str(self._address[0])

    def set_remote(self, *, ufrag: str, fingerprints: tuple[Fingerprint, ...]) -> None:
        """What the peer's description says; candidates in it are ignored on purpose."""
        self.ice.remote_ufrag = ufrag
        self._fingerprints = fingerprints
        if self._described_at is None:
            self._described_at = time.monotonic()
        self._start_handshake()

    def close(self) -> None:
        """Say goodbye and stop; the listener is not told."""
        if self._closing is None:
            self._note_lost_handshake()
            self.state = "closed"
            self._renew_outlet()
            self._closing = asyncio.create_task(self._dtls.close())

    # --- receiving ---

    def accept_check(self, verdict: Verdict, source: Address, socket: Path, now: float) -> None:
        """An authenticated check came from `source`: consent is fresh, the address may be new."""
        self._checked_at = now
        if self._address is None or (verdict.is_nominated and source != self._address):
            if self._address is not None:
                self._stats.address_changes += 1
            self._move(socket, source)
        self._start_handshake()
        if self.state == "disconnected":
            self._change("connected")

    def accept_record(self, record: bytes) -> None:
        """A DTLS record from an authenticated address."""
        self._has_records = True
        if not self._dtls.feed(record):
            self._stats.drops["dtls_queue_full"] += 1

    def accept_media(self, buffer: PacketBuffer, length: int, now: float) -> None:
        """An SRTP or SRTCP packet from an authenticated address (RFC 5761 tells them apart)."""
        if self._srtp is None or length < 12:
            self._stats.drops["before_keys" if self._srtp is None else "short"] += 1
            return
        is_rtcp = buffer.data[1] in RTCP_TYPES
        ssrc = int.from_bytes(buffer.data[4:8] if is_rtcp else buffer.data[8:12], "big")
        if ssrc not in self._ssrcs and len(self._ssrcs) >= MAX_SSRCS:
            self._stats.drops["too_many_ssrcs"] += 1
            return
        opened = self._srtp.inbound
        plain = opened.open_rtcp(buffer, length) if is_rtcp else opened.open_rtp(buffer, length)
        if isinstance(plain, Refused):
            self._stats.drops[plain.value] += 1
            return
        self._ssrcs.add(ssrc)
        packet = bytes(buffer.view[:plain])
        if is_rtcp:
            self._stats.rtcp_in += 1
            self._listener.on_rtcp(packet, now)
        else:
            self._stats.packets_in += 1
            self._stats.bytes_in += plain
            self._listener.on_rtp(packet, now)

    # --- sending ---

    @property
    def outlet(self) -> Outlet | None:
        """Where packets for the peer go in bulk; None while there is no way for that."""
        return self._outlet

    def send_rtp(self, head: bytes, packet: bytes, start: int) -> bool:
        """Seal and send `head` followed by `packet[start:]`; false when nothing was sent."""
        size = len(head)
        length = size + len(packet) - start
        if self._srtp is None or self.state != "connected" or length > MAX_DATAGRAM_BYTES:
            return False
        if self._outlet is not None:
            is_sealed = self._outlet.batch.append(self._outlet, head, packet, start)
        else:
            self._buffer.data[:size] = head
            self._buffer.view[size:length] = packet[start:]
            is_sealed = self._send_sealed(self._srtp.outbound.seal_rtp(self._buffer, length))
        if not is_sealed:
            self._stats.drops["seal_failed"] += 1
            return False
        self._stats.packets_out += 1
        self._stats.bytes_out += length
        return True

    def forget_streams(self, ssrcs: Iterable[int]) -> None:
        """These are over; nothing is sent under their SSRCs any more."""
        if self._srtp is not None:
            for ssrc in ssrcs:
                self._srtp.outbound.forget_stream(ssrc)

    def send_rtcp(self, packet: bytes) -> None:
        """Seal and send an RTCP packet."""
        if self._srtp is None or self.state != "connected" or len(packet) > MAX_DATAGRAM_BYTES:
            return
        if self._outlet is not None:
            is_sealed = self._outlet.batch.append_rtcp(self._outlet, packet)
        else:
            self._buffer.view[: len(packet)] = packet
            is_sealed = self._send_sealed(self._srtp.outbound.seal_rtcp(self._buffer, len(packet)))
        if is_sealed:
            self._stats.rtcp_out += 1

    def _send_sealed(self, length: int | None) -> bool:
        if length is None or self._socket is None or self._address is None:
            return False
        self._socket.send(self._buffer.view[:length], self._address)
        return True

    def _send_plain(self, data: bytes) -> None:
        if self._socket is not None and self._address is not None:
            self._socket.send(data, self._address)

    # --- life ---

    def check_consent(self, now: float) -> None:
        """Called about twice a second: notice a silent peer (RFC 7675 section 5.1)."""
        silence = now - self._checked_at
        if self.state == "connecting":
            # A viewer who comes first waits for somebody to watch, however long that takes.
            if self._described_at is not None and now - self._described_at > SETUP_LIMIT_S:
                self._end("setup_timeout")
        elif self.state == "connected" and silence > CONSENT_S:
            self._change("disconnected")
        elif self.state == "disconnected" and silence > SILENCE_LIMIT_S:
            self._end("silent")

    def _move(self, socket: Path, address: Address) -> None:
        self._socket, self._address = socket, address
        if socket.batch is not None:
            self._name.set(address)
        self._renew_outlet()

    def _renew_outlet(self) -> None:
        """Whoever holds the old one learns from the generation that it is no longer right."""
        if self._outlet is not None:
            self._outlet.batch.generation += 1
            self._outlet = None
        batch = None if self._socket is None else self._socket.batch
        if batch is not None and self._srtp is not None and self.state == "connected":
            self._outlet = Outlet(self._srtp.outbound, self._name, batch)
            batch.generation += 1

    def _start_handshake(self) -> None:
        # At the first valid check, not at the nomination some 50 ms later: joins are faster.
        if self._address is not None and self._fingerprints and not self._dtls.is_started:
            self._dtls.start(self._fingerprints)

    def _keys_ready(self, pair: SrtpPair) -> None:
        if self.state == "closed":
            return
        self._srtp = pair
        self._stats.handshakes += 1
        self._change("connected")

    def _end(self, reason: str) -> None:
        if self.state == "closed":
            return
        self._stats.drops[f"connection_{reason}"] += 1
        self._note_lost_handshake()
        self._change("closed")

    def _note_lost_handshake(self) -> None:
        """Broken or only stalled, ended here or given up by the page: it brought no keys.

        A page that went before it said anything proves nothing.
        """
        if self.state != "closed" and self._has_records and self._srtp is None:
            self._on_handshake_failed(time.monotonic())

    def _change(self, state: State) -> None:
        if state == self.state or self.state == "closed":
            return
        self.state = state
        self._renew_outlet()
        self._listener.on_state(state)
