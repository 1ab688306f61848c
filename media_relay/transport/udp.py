"""One UDP socket for everybody on each advertised address: bounded reads, bounded writes.

A socket bound to 0.0.0.0 answers from the routed source address, and a browser discards answers
that come from elsewhere than the candidate; therefore each socket is bound to its own address.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any

from media_relay.protocol import CandidateType
from media_relay.stats import Stats
from media_relay.transport.srtp import PacketBuffer

Address = tuple[Any, ...]
OnDatagram = Callable[[PacketBuffer, int, Address, "UdpSocket"], None]

MAX_DATAGRAM_BYTES = 1500
READS_PER_TURN = 64  # what one socket may take of one turn of the event loop
MAX_WAITING_SENDS = 1024  # beyond that the newest datagram is dropped: RTP repairs itself
SOCKET_BUFFER_BYTES = 4 * 1024 * 1024


class UdpSocket:
    """A bound socket that hands each datagram, in a kept buffer, to one function."""

    candidate_type: CandidateType = "host"

    def __init__(self, ip: str, port: int, stats: Stats) -> None:
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
        # One byte more than the largest datagram, so that a longer one shows itself.
        self._buffer = PacketBuffer(MAX_DATAGRAM_BYTES + 1)
        self._waiting: deque[tuple[bytes, Address]] = deque()
        self._on_datagram: OnDatagram | None = None

    @property
    def waiting(self) -> int:
        """Datagrams that the kernel has not taken yet."""
        return len(self._waiting)

    def listen(self, on_datagram: OnDatagram) -> None:
        """Call `on_datagram(buffer, length, sender, self)` for each datagram from now on."""
        self._on_datagram = on_datagram
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    def close(self) -> None:
        """Stop listening and give the port back."""
        if self._on_datagram is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._socket.fileno())
            loop.remove_writer(self._socket.fileno())
            self._on_datagram = None
        self._socket.close()

    def send(self, data: bytes | memoryview, address: Address) -> None:
        """Send now, or keep the datagram until the kernel takes it; never raises."""
        if self._waiting:
            self._wait(data, address)
            return
        try:
            self._socket.sendto(data, address)
        except (BlockingIOError, InterruptedError):
            asyncio.get_running_loop().add_writer(self._socket.fileno(), self._write)
            self._wait(data, address)
        except OSError:
            self._stats.drops["send_refused"] += 1

    def _wait(self, data: bytes | memoryview, address: Address) -> None:
        if len(self._waiting) >= MAX_WAITING_SENDS:
            self._stats.drops["send_queue_full"] += 1
            return
        self._waiting.append((bytes(data), address))

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

    def _read(self) -> None:
        for _ in range(READS_PER_TURN):
            try:
                length, address = self._socket.recvfrom_into(self._buffer.data)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # An ICMP error for an earlier send is reported on some systems here.
                self._stats.drops["receive_error"] += 1
                return
            if length == 0:
                self._stats.drops["empty"] += 1
            elif length > MAX_DATAGRAM_BYTES:
                self._stats.drops["oversized"] += 1
            elif self._on_datagram is not None:
                self._on_datagram(self._buffer, length, address, self)


MakeSocket = Callable[[str, int, Stats], UdpSocket]


def open_sockets(
    ips: Sequence[str], port: int, stats: Stats, make: MakeSocket = UdpSocket
) -> list[UdpSocket]:
    """A socket on each address, all with the same port; 0 takes one that the first gets."""
    sockets: list[UdpSocket] = []
    try:
        for ip in ips:
            sockets.append(make(ip, sockets[0].port if sockets else port, stats))
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    return sockets
