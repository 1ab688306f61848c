"""Everybody's datagrams through few sockets: who sent this, and may it come in? (RFC 7983)

Nothing but a STUN check with a known ufrag and a right integrity value adds a sender. DTLS and
SRTP are looked at only when they come from a sender added that way.
"""

import logging
import time
from collections.abc import Iterable, Sequence

from media_relay.protocol import CandidateType
from media_relay.sdp.description import Fingerprint
from media_relay.stats import Stats
from media_relay.transport.connection import Connection, Listener, new_send_buffer
from media_relay.transport.cookies import CookiePolicy
from media_relay.transport.dtls import CertificateShop, fingerprint_of
from media_relay.transport.ice import Check, read_check
from media_relay.transport.mmsg import Address
from media_relay.transport.srtp import PacketBuffer
from media_relay.transport.tcp import TcpListener
from media_relay.transport.udp import Path, UdpSocket

logger = logging.getLogger(__name__)

# Authenticated addresses kept for a connection; the oldest that it does not use goes first.
MAX_ADDRESSES = 8
LOG_INTERVAL_S = 1.0  # faults are counted each, and told of once a second: they come by the packet
STUN_BYTES = range(4)
DTLS_BYTES = range(20, 64)
MEDIA_BYTES = range(128, 192)


class MediaEndpoint:
    """The sockets, and the tables from ufrag and sender to connection."""

    def __init__(
        self,
        sockets: list[UdpSocket],
        stats: Stats,
        turn_ips: frozenset[str] = frozenset(),
        *,
        listeners: Sequence[TcpListener] = (),
        offers_udp: bool = True,
    ) -> None:
        self._sockets = list(sockets)
        self._listeners = list(listeners)
        self._advertised = {each.ip for each in sockets} | {each.ip for each in listeners}
        self._offers_udp = offers_udp
        self._is_listening = False
        self._stats = stats
        self._turn_ips = turn_ips
        self._certificates = CertificateShop()
        self._cookies = CookiePolicy()
        self._buffer = new_send_buffer()
        self._connections: set[Connection] = set()
        self._by_ufrag: dict[str, Connection] = {}
        self._by_sender: dict[Address, Connection] = {}
        self._logged_at = float("-inf")

    @property
    def candidates(self) -> list[tuple[str, int]]:
        """Where the relay is reached over UDP: address and port of each socket."""
        if not self._offers_udp:
            return []
        return self._name(self._sockets)

    @property
    def tcp_candidates(self) -> list[tuple[str, int]]:
        """The same for TCP."""
        return self._name(self._listeners)

    def _name(self, paths: Sequence[UdpSocket | TcpListener]) -> list[tuple[str, int]]:
        return [(path.ip, path.port) for path in paths if path.ip in self._advertised]

    @property
    def waiting(self) -> int:
        """Datagrams that the kernel has not taken yet."""
        return sum(socket.waiting for socket in self._sockets)

    def listen(self) -> None:
        """Take datagrams from now on."""
        self._is_listening = True
        self._listen(self._sockets, self._listeners)

    def open(self, sockets: Sequence[UdpSocket], listeners: Sequence[TcpListener]) -> None:
        """Take them from these, too."""
        self._sockets += sockets
        self._listeners += listeners
        if self._is_listening:
            self._listen(sockets, listeners)

    def advertise(self, ips: Iterable[str]) -> None:
        """Name these addresses to browsers from now on, as far as there are ports on them."""
        self._advertised = set(ips)

    def _listen(self, sockets: Sequence[UdpSocket], listeners: Sequence[TcpListener]) -> None:
        for socket in sockets:
            socket.listen(self._on_datagram)
        for listener in listeners:
            listener.listen(
                self._on_datagram, is_known=self._by_sender.__contains__, on_end=self._forget_sender
            )

    def close(self) -> None:
        """End every connection and give the ports back."""
        for connection in list(self._connections):
            self.drop(connection)
        for socket in self._sockets:
            socket.close()
        for listener in self._listeners:
            listener.close()

    # --- connections ---

    def add(self, listener: Listener) -> Connection:
        """A new connection, reachable under its ufrag from now on."""
        now = time.monotonic()
        asks_for_cookie = self._cookies.asks(now)
        self._stats.cookies_asked += asks_for_cookie
        connection = Connection(
            listener=listener,
            certificate=self._certificates.current(),
            asks_for_cookie=asks_for_cookie,
            on_handshake_failed=self._cookies.note_failure,
            buffer=self._buffer,
            stats=self._stats,
            now=now,
        )
        self._connections.add(connection)
        self._by_ufrag[connection.ice.local.ufrag] = connection
        return connection

    def restart_ice(self, connection: Connection, remote_ufrag: str | None) -> None:
        """New credentials for a living connection (RFC 8445 section 9)."""
        self._forget_ufrags(connection)
        connection.ice.restart(remote_ufrag)
        for ufrag in connection.ice.ufrags():
            self._by_ufrag[ufrag] = connection
        self._stats.ice_restarts += 1

    def drop(self, connection: Connection) -> None:
        """Close a connection and forget how it was reached; twice is harmless."""
        self._stats.connections_ended += connection in self._connections
        self._connections.discard(connection)
        self._forget_ufrags(connection)
        for sender in list(connection.addresses):
            self._forget_sender(sender)
        connection.close()

    def owner_of(self, sender: Address) -> Connection | None:
        """The connection that an authenticated address belongs to."""
        return self._by_sender.get(sender)

    def candidate_of(self, connection: Connection) -> CandidateType | None:
        """How the peer reaches the relay; None before its first check."""
        is_relayed = connection.remote_ip in self._turn_ips
        return "relay" if is_relayed else connection.candidate

    def fingerprint(self, connection: Connection) -> Fingerprint:
        """The relay's own fingerprint on this connection."""
        return fingerprint_of(connection.certificate)

    def check_consent(self, now: float) -> None:
        """Let each connection look at its clock."""
        for connection in list(self._connections):
            connection.check_consent(now)

    def _forget_sender(self, sender: Address) -> None:
        connection = self._by_sender.pop(sender, None)
        if connection is not None:
            connection.addresses.remove(sender)
            for listener in self._listeners:
                listener.estrange(sender)

    def _forget_ufrags(self, connection: Connection) -> None:
        known = [ufrag for ufrag, owner in self._by_ufrag.items() if owner is connection]
        for ufrag in known:
            del self._by_ufrag[ufrag]

    # --- datagrams ---

    def _on_datagram(
        self, buffer: PacketBuffer, length: int, sender: Address, socket: Path
    ) -> None:
        """The one boundary for whatever strangers and peers send: nothing leaves it upwards."""
        try:
            self._route(buffer, length, sender, socket)
        except Exception:
            self._stats.faults += 1
            now = time.monotonic()
            if now - self._logged_at >= LOG_INTERVAL_S:
                self._logged_at = now
                logger.exception("A datagram could not be handled.")

    def _route(self, buffer: PacketBuffer, length: int, sender: Address, socket: Path) -> None:
        first = buffer.data[0]
        if first in STUN_BYTES:
            self._on_stun(bytes(buffer.view[:length]), sender, socket)
            return
        connection = self._by_sender.get(sender)
        if connection is None:
            self._stats.drops["unknown_sender"] += 1
        elif first in MEDIA_BYTES:
            connection.accept_media(buffer, length, time.monotonic())
        elif first in DTLS_BYTES:
            connection.accept_record(bytes(buffer.view[:length]))
        else:
            self._stats.drops["unknown_protocol"] += 1

    def _on_stun(self, datagram: bytes, sender: Address, socket: Path) -> None:
        check = read_check(datagram)
        if check is None:
            self._stats.drops["stun_other"] += 1
            return
        connection = self._by_ufrag.get(check.ufrag)  # before the HMAC, which costs more
        if connection is None:
            self._stats.drops["stun_unknown_ufrag"] += 1
            return
        self._on_check(connection, check, sender, socket)

    def _on_check(
        self, connection: Connection, check: Check, sender: Address, socket: Path
    ) -> None:
        verdict = connection.ice.judge(check, sender)
        if verdict is None:
            self._stats.drops["stun_not_authentic"] += 1
            return
        self._stats.stun_checks += 1
        socket.send(verdict.reply, sender)
        if verdict.is_accepted:
            self._learn(connection, sender)
            connection.accept_check(verdict, sender, socket, time.monotonic())

    def _learn(self, connection: Connection, sender: Address) -> None:
        previous = self._by_sender.get(sender)
        if previous is connection:
            return
        if previous is not None:
            previous.addresses.remove(sender)  # a NAT gave the port to somebody else
        self._by_sender[sender] = connection
        connection.addresses.append(sender)
        if len(connection.addresses) > MAX_ADDRESSES:
            in_use = connection.address
            self._forget_sender(next(entry for entry in connection.addresses if entry != in_use))
