"""Datagrams on their way in: many to a call, each in a kept buffer."""

import errno
import socket
from typing import Any

import numpy as np

from media_relay.transport import mmsg
from media_relay.transport.mmsg import IOVEC, MESSAGE, NAME_BYTES, Address
from media_relay.transport.srtp import PacketBuffer

MAX_DATAGRAM_BYTES = 1500
READS_PER_TURN = 64  # what one socket may take of one turn of the event loop
MAX_NAMES_KNOWN = 4096  # addresses in readable form; all are forgotten when it is full

Datagram = tuple[PacketBuffer, int, Address]


class InBatch:
    """What recvmmsg fills."""

    def __init__(self, fd: int, family: int) -> None:
        self._fd = fd
        self._receive = mmsg.load_recvmmsg()
        self._name_length = mmsg.name_length(family)
        # One byte more than the largest datagram, so that a longer one shows itself.
        self._buffers = [PacketBuffer(MAX_DATAGRAM_BYTES + 1) for _ in range(READS_PER_TURN)]
        places = np.arange(READS_PER_TURN, dtype=np.uint64)
        names = np.zeros((READS_PER_TURN, NAME_BYTES), np.uint8)
        self._names = [memoryview(name.data)[: self._name_length] for name in names]
        self._vectors = np.zeros(READS_PER_TURN, IOVEC)
        self._vectors["base"] = [buffer.address for buffer in self._buffers]
        self._vectors["length"] = MAX_DATAGRAM_BYTES + 1
        self._messages: Any = np.zeros(READS_PER_TURN, MESSAGE)
        self._messages["name"] = names.ctypes.data + places * NAME_BYTES
        # All senders to one socket have addresses of one length: the kernel writes it back.
        self._messages["name_length"] = self._name_length
        self._messages["vectors"] = self._vectors.ctypes.data + places * IOVEC.itemsize
        self._messages["vector_count"] = 1
        self._messages_at = int(self._messages.ctypes.data)
        self._lengths = memoryview(self._messages["received"].data)
        self._known: dict[bytes, Address] = {}

    def read(self) -> list[Datagram]:
        """What has arrived, READS_PER_TURN at most; valid until the next call.

        Raises OSError for what an earlier send brought about (ICMP), as recvfrom does.
        """
        count = self._receive(self._fd, self._messages_at, READS_PER_TURN)
        if count < 0:
            if count in {-errno.EAGAIN, -errno.EINTR}:
                return []
            raise OSError(-count, "recvmmsg")
        return [
            (self._buffers[slot], self._lengths[slot], self._address(bytes(self._names[slot])))
            for slot in range(count)
        ]

    def _address(self, name: bytes) -> Address:
        address = self._known.get(name)
        if address is None:
            if len(self._known) >= MAX_NAMES_KNOWN:
                self._known.clear()
            address = self._known[name] = mmsg.unpack_name(name)
        return address


class InOneByOne:
    """The same where the platform has no recvmmsg."""

    def __init__(self, fd: socket.socket) -> None:
        self._fd = fd
        self._buffers = [PacketBuffer(MAX_DATAGRAM_BYTES + 1) for _ in range(READS_PER_TURN)]

    def read(self) -> list[Datagram]:
        """As `InBatch.read`."""
        datagrams: list[Datagram] = []
        for buffer in self._buffers:
            try:
                length, address = self._fd.recvfrom_into(buffer.data)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                if datagrams:
                    break  # told once what came before is dealt with
                raise
            datagrams.append((buffer, length, address))
        return datagrams
