"""One UDP socket for everybody on each advertised address: bounded reads, bounded writes.

A socket bound to 0.0.0.0 answers from the routed source address, and a browser discards answers
that come from elsewhere than the candidate; therefore each socket is bound to its own address.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Protocol

from media_relay.protocol import CandidateType
from media_relay.stats import Stats
from media_relay.transport import mmsg
from media_relay.transport.doorbell import Doorbell
from media_relay.transport.inbox import MAX_DATAGRAM_BYTES, READS_PER_TURN, InBatch, InOneByOne
from media_relay.transport.mmsg import Address
from media_relay.transport.outbox import OutBatch
from media_relay.transport.srtp import PacketBuffer
from media_relay.transport.turn import Turn

OnDatagram = Callable[[PacketBuffer, int, Address, "UdpSocket"], None]


class Path(Protocol):
    """What brings a peer's datagrams and takes them to it: a UDP socket, or a TCP stream."""

    @property
    def batch(self) -> OutBatch | None: ...
    @property
    def candidate_type(self) -> CandidateType: ...
    def send(self, data: bytes | memoryview, address: Address) -> None: ...


MAX_WAITING_SENDS = 4096  # beyond that the newest datagram is dropped: RTP repairs itself
SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
# A packet seldom comes alone: its frame's others follow within a millisecond, and together they
# cost half. Nobody hears or sees so short a wait.
GATHER_S = 0.001


class UdpSocket:
    """A bound socket that hands each datagram, in a kept buffer, to one function.

    `batch` takes packets to be sealed and sent together; None where each goes by itself.
    """

    candidate_type: CandidateType = "host"

    def __init__(
        self, ip: str, port: int, stats: Stats, *, is_batched: bool = mmsg.is_supported()
    ) -> None:
        family = socket.AF_INET6 if ip_address(ip).version == 6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self._socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
            self._socket.bind((ip, port))
        except OSError:
            self._socket.close()
            raise
        self.ip = ip
        self.port: int = self._socket.getsockname()[1]
        self._stats = stats
        self._turn = Turn(stats)
        self._inbox: InBatch | InOneByOne
        self.batch: OutBatch | None = None
        if is_batched:
            self._inbox = InBatch(self._socket.fileno(), family)
            self.batch = OutBatch(
                self._socket.fileno(),
                name_length=mmsg.name_length(family),
                send=mmsg.load_sendmmsg(),
                keep=self._keep,
                turn=self._turn,
                stats=stats,
                can_segment=mmsg.can_segment(self._socket),
            )
        else:
            self._inbox = InOneByOne(self._socket)
        self._waiting: deque[tuple[bytes, Address]] = deque()
        self._on_datagram: OnDatagram | None = None
        self._doorbell: Doorbell | None = None
        self._gathering: asyncio.Handle | None = None

    @property
    def waiting(self) -> int:
        """Datagrams that the kernel has not taken yet."""
        return len(self._waiting)

    def listen(self, on_datagram: OnDatagram) -> None:
        """Call `on_datagram(buffer, length, sender, self)` for each datagram from now on."""
        self._on_datagram = on_datagram
        self._doorbell = Doorbell(
            self._socket.fileno(), self._gather, uses_epoll=self.batch is not None
        )
        self._doorbell.arm()

    def close(self) -> None:
        """Send what is collected, stop listening and give the port back."""
        if self.batch is not None:
            self.batch.close()
        if self._doorbell is not None:
            self._doorbell.close()
            asyncio.get_running_loop().remove_writer(self._socket.fileno())
            if self._gathering is not None:
                self._gathering.cancel()
            self._doorbell = self._on_datagram = None
        self._waiting.clear()
        self._socket.close()

    def send(self, data: bytes | memoryview, address: Address) -> None:
        """Send now, or keep the datagram until the kernel takes it; never raises."""
        if self._waiting:
            self._wait(bytes(data), address)
            return
        try:
            self._socket.sendto(data, address)
        except (BlockingIOError, InterruptedError):
            self._wait(bytes(data), address)
        except OSError:
            self._stats.drops["send_refused"] += 1

    def _keep(self, data: bytes, name: bytes) -> None:
        self._wait(data, mmsg.unpack_name(name))

    def _wait(self, data: bytes, address: Address) -> None:
        if len(self._waiting) >= MAX_WAITING_SENDS:
            self._stats.drops["send_queue_full"] += 1
            return
        if not self._waiting:
            asyncio.get_running_loop().add_writer(self._socket.fileno(), self._write)
        self._waiting.append((data, address))

    def _write(self) -> None:
        while self._waiting:
            data, address = self._waiting[0]
            try:
                self._socket.sendto(data, address)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._stats.drops["send_refused"] += 1
            self._waiting.popleft()
        asyncio.get_running_loop().remove_writer(self._socket.fileno())

    def _gather(self) -> None:
        """Something has come: let the rest of it come too."""
        self._gathering = asyncio.get_running_loop().call_later(GATHER_S, self._read_all)

    def _read_all(self) -> None:
        """What has come by now; when that is a full batch the next one is read after this turn."""
        self._gathering = None
        if self._read() == READS_PER_TURN:
            self._gathering = asyncio.get_running_loop().call_soon(self._read_all)
        elif self._doorbell is not None:
            self._doorbell.arm()

    def _read(self) -> int:
        try:
            datagrams = self._inbox.read()
        except OSError:
            # An ICMP error for an earlier send is reported on some systems here.
            self._stats.drops["receive_error"] += 1
            return 0
        with self._turn:
            for buffer, length, address in datagrams:
                if length == 0:
                    self._stats.drops["empty"] += 1
                elif length > MAX_DATAGRAM_BYTES:
                    self._stats.drops["oversized"] += 1
                elif self._on_datagram is not None:
                    self._on_datagram(buffer, length, address, self)
        return len(datagrams)


MakeSocket = Callable[[str, int, Stats], UdpSocket]


def open_sockets(
    ips: Sequence[str], port: int, stats: Stats, make: MakeSocket = UdpSocket
) -> list[UdpSocket]:
    """A socket on each address with this port; 0 takes a free one on each."""
    sockets: list[UdpSocket] = []
    try:
        for ip in ips:
            sockets.append(make(ip, port, stats))  # noqa: PERF401 - closed when the next one fails
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    return sockets
