"""ICE-TCP, passive, for networks that block UDP: one port, framed datagrams (RFC 6544, RFC 4571).

Each stream stands in for a UDP socket: what it carries is judged by the same rules. A stream that
has not brought an authentic check after a few seconds is cut, as is one that breaks the framing.
When its connection is over, or has too many newer addresses, the stream is a stranger's again.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any, cast

from media_relay.protocol import CandidateType
from media_relay.stats import Stats
from media_relay.transport.inbox import MAX_DATAGRAM_BYTES
from media_relay.transport.mmsg import Address
from media_relay.transport.srtp import PacketBuffer

MAX_STREAMS = 1_000
# Streams that have not brought an authentic check yet. A browser brings one within two round trips:
# of more, the oldest of the address that holds most of them is cut, so that nobody who opens
# streams and says nothing keeps others out.
MAX_STRANGERS = 100
STRANGER_LIMIT_S = 5.0
# What waits because the peer reads too slowly: media above the first limit is dropped, newest
# first, and repaired by NACK; above the second the stream is cut and the browser starts anew.
MAX_WAITING_MEDIA_BYTES = 256 * 1024
MAX_WAITING_BYTES = 512 * 1024
BACKLOG = 128
FRAME_HEAD_BYTES = 2
MEDIA_BYTES = range(128, 192)

OnDatagram = Callable[[PacketBuffer, int, Address, Any], None]


class TcpStream(asyncio.Protocol):
    """One connection of a browser. Sends and receives datagrams, as a UDP socket does."""

    candidate_type: CandidateType = "tcp"
    batch = None  # each datagram goes by itself

    def __init__(self, listener: "TcpListener") -> None:
        self.ip, self.port = listener.ip, listener.port
        self.address: Address = ()
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._deadline: asyncio.TimerHandle | None = None

    # --- called by the event loop ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if peer is not None:
            # A name of its own: the same numbers may be in use over UDP, or to another listener.
            self.address = (peer[0], peer[1], "tcp", self.ip)
        if peer is None or not self._listener.admit(self):
            self.cut("tcp_full")
            return
        self.expect_check()

    def data_received(self, data: bytes) -> None:
        self._received += data
        position, size = 0, len(self._received)
        while size - position >= FRAME_HEAD_BYTES:
            length = int.from_bytes(self._received[position : position + FRAME_HEAD_BYTES], "big")
            if not 0 < length <= MAX_DATAGRAM_BYTES:
                self.cut("tcp_frame")
                return
            start = position + FRAME_HEAD_BYTES
            if size - start < length:
                break
            self._hand_over(self._received[start : start + length])
            position = start + length
        del self._received[:position]

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._deadline is not None:
            self._deadline.cancel()
        self._listener.forget(self)

    # --- as a UDP socket ---

    def send(self, data: bytes | memoryview, address: Address) -> None:
        """Write one frame; never raises."""
        stats = self._listener.stats
        if self._transport is None or self._transport.is_closing():
            stats.drops["tcp_closed"] += 1
            return
        waiting = self._transport.get_write_buffer_size()
        if waiting > MAX_WAITING_MEDIA_BYTES and data[0] in MEDIA_BYTES:
            stats.drops["tcp_queue_full"] += 1
        elif waiting > MAX_WAITING_BYTES:
            self.cut("tcp_slow_reader")
        else:
            self._transport.write(len(data).to_bytes(FRAME_HEAD_BYTES, "big") + bytes(data))

    def expect_check(self) -> None:
        """From now on the peer has a few seconds for an authentic check."""
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(STRANGER_LIMIT_S, self.cut, "tcp_stranger")

    def cut(self, cause: str) -> None:
        """End the stream at once; what waits in it is lost."""
        if self._transport is not None:
            self._listener.stats.drops[cause] += 1
            self._transport.abort()
            self._transport = None

    def _hand_over(self, frame: bytearray) -> None:
        buffer = self._listener.buffer
        buffer.data[: len(frame)] = frame
        self._listener.hand_over(self, len(frame))
        if self._deadline is not None and self._listener.is_known(self.address):
            self._deadline.cancel()
            self._deadline = None
            self._listener.accept(self)


class TcpListener:
    """The port on one address, and its streams."""

    def __init__(self, ip: str, port: int, stats: Stats) -> None:
        family = socket.AF_INET6 if ip_address(ip).version == 6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setblocking(False)
            self._socket.bind((ip, port))
        except OSError:
            self._socket.close()
            raise
        self.ip = ip
        self.port: int = self._socket.getsockname()[1]
        self.stats = stats
        self.buffer = PacketBuffer(MAX_DATAGRAM_BYTES + 1)
        self._streams: dict[Address, TcpStream] = {}
        self._strangers: dict[TcpStream, None] = {}  # the oldest first
        # Once known. They are not counted among the strangers: a large room that closes must not
        # push out those who are just coming.
        self._estranged: dict[TcpStream, None] = {}
        self._server: asyncio.Server | None = None
        self._starting: asyncio.Task[None] | None = None
        self._on_datagram: OnDatagram | None = None
        self._on_end: Callable[[Address], None] = lambda _: None
        self.is_known: Callable[[Address], bool] = lambda _: False

    @property
    def waiting(self) -> int:
        """Streams that are open now."""
        return len(self._streams)

    def listen(
        self,
        on_datagram: OnDatagram,
        *,
        is_known: Callable[[Address], bool],
        on_end: Callable[[Address], None],
    ) -> None:
        """Take streams from now on; `is_known` says whether an address has been authenticated."""
        self._on_datagram, self.is_known, self._on_end = on_datagram, is_known, on_end
        self._starting = asyncio.get_running_loop().create_task(self._start())

    def close(self) -> None:
        """Cut every stream and give the port back."""
        for stream in list(self._streams.values()):
            stream.cut("tcp_closed")
        if self._starting is not None:
            self._starting.cancel()
        if self._server is not None:
            self._server.close()
        else:
            self._socket.close()

    async def _start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: TcpStream(self), sock=self._socket, backlog=BACKLOG
        )

    # --- for its streams ---

    def admit(self, stream: TcpStream) -> bool:
        """Whether there is room for one more; another one whom nobody knows makes room."""
        if len(self._streams) >= MAX_STREAMS:
            if not self._estranged:
                return False
            self._cut(next(iter(self._estranged)))
        if len(self._strangers) >= MAX_STRANGERS:
            self._cut(self._choose_stranger())
        if stream.address in self._streams:
            self._cut(self._streams[stream.address])  # the loop has not said yet that it is over
        self._streams[stream.address] = stream
        self._strangers[stream] = None
        return True

    def accept(self, stream: TcpStream) -> None:
        """An authentic check came: no stranger any more."""
        self._strangers.pop(stream, None)
        self._estranged.pop(stream, None)

    def estrange(self, address: Address) -> None:
        """Nobody is known by this address any more: its stream has to bring a check again.

        Until it is cut it carries what is still under way, such as the goodbye.
        """
        stream = self._streams.get(address)
        if stream is not None and stream not in self._strangers and stream not in self._estranged:
            self._estranged[stream] = None
            stream.expect_check()

    def _choose_stranger(self) -> TcpStream:
        """The oldest of the address that holds most of them."""
        crowd = Counter(stranger.address[0] for stranger in self._strangers)
        crowded = max(crowd, key=crowd.__getitem__)
        return next(entry for entry in self._strangers if entry.address[0] == crowded)

    def _cut(self, stream: TcpStream) -> None:
        stream.cut("tcp_full")
        self.forget(stream)  # now: the loop says so only in a later turn

    def forget(self, stream: TcpStream) -> None:
        """The stream is over, and whoever held its address; twice is harmless."""
        self._strangers.pop(stream, None)
        self._estranged.pop(stream, None)
        if self._streams.get(stream.address) is stream:
            del self._streams[stream.address]
            self._on_end(stream.address)

    def hand_over(self, stream: TcpStream, length: int) -> None:
        """One datagram lies in the buffer."""
        if self._on_datagram is not None:
            self._on_datagram(self.buffer, length, stream.address, stream)


def open_listeners(ips: Sequence[str], port: int, stats: Stats) -> list[TcpListener]:
    """A listener on each address with this port; 0 takes a free one on each."""
    listeners: list[TcpListener] = []
    try:
        for ip in ips:
            listeners.append(TcpListener(ip, port, stats))  # noqa: PERF401 - closed when the next one fails
    except OSError:
        for opened in listeners:
            opened.close()
        raise
    return listeners
