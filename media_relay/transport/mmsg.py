"""The kernel's structures for many datagrams in one call: sendmmsg, recvmmsg, UDP_SEGMENT.

numpy lays them out, so that whole columns are filled at once; ctypes makes the call. The layout is
that of 64-bit little-endian Linux (x86-64 and arm64, glibc and musl alike): elsewhere
`is_supported` is false and one datagram goes with each call.
"""

import ctypes
import platform
import socket
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Any, cast

import numpy as np

Address = tuple[Any, ...]

# struct iovec, struct mmsghdr (with struct msghdr in it) and a control message with one 16-bit
# value: bits/types/struct_iovec.h, bits/socket.h and cmsg(3).
IOVEC = np.dtype([("base", "<u8"), ("length", "<u8")])
MESSAGE = np.dtype(
    {
        "names": [
            "name", "name_length", "vectors", "vector_count", "control", "control_length", "flags",
            "received",
        ],
        "formats": ["<u8", "<u4", "<u8", "<u8", "<u8", "<u8", "<i4", "<u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 64,
    }
)  # fmt: skip
# The same for one at a time: name to control_length; the rest stays zero.
MESSAGE_PACKER = Struct("<QI4xQQQQ")
CONTROL = np.dtype(
    {
        "names": ["length", "level", "type", "segment"],
        "formats": ["<u8", "<i4", "<i4", "<u2"],
        "offsets": [0, 8, 12, 16],
        "itemsize": 24,
    }
)
CONTROL_LENGTH = 18  # CMSG_LEN(2): without the padding behind it
SOL_UDP = 17
UDP_SEGMENT = 103  # linux/udp.h, since Linux 4.18
NAME_BYTES = 28  # struct sockaddr_in6; sockaddr_in takes the first 16 of them
_NAME_LENGTHS = {socket.AF_INET: 16, socket.AF_INET6: NAME_BYTES}


def is_supported() -> bool:
    """Whether this platform has the calls and lays their structures out as above."""
    return (
        sys.platform == "linux"
        and sys.byteorder == "little"
        and ctypes.sizeof(ctypes.c_void_p) == 8
        and platform.machine() in {"x86_64", "aarch64"}
    )


def can_segment(fd: socket.socket) -> bool:
    """Whether the kernel knows UDP_SEGMENT; a network card may still refuse it later."""
    try:
        fd.getsockopt(SOL_UDP, UDP_SEGMENT)
    except OSError:
        return False
    return True


def _function(name: str) -> Callable[..., int]:
    libc = ctypes.CDLL(None, use_errno=True)
    function: Any = getattr(libc, name)
    function.restype = ctypes.c_int
    timeout = [ctypes.c_void_p] if name == "recvmmsg" else []
    function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, *timeout]
    return cast("Callable[..., int]", function)


def load_sendmmsg() -> Callable[[int, int, int], int]:
    """`sendmmsg(fd, address of the messages, count)`: how many went, or minus errno."""
    call = _function("sendmmsg")

    def send(fd: int, messages: int, count: int) -> int:
        taken = call(fd, messages, count, socket.MSG_DONTWAIT)
        return taken if taken >= 0 else -ctypes.get_errno()

    return send


def load_recvmmsg() -> Callable[[int, int, int], int]:
    """`recvmmsg(fd, address of the messages, count)`: how many came, or minus errno."""
    call = _function("recvmmsg")

    def receive(fd: int, messages: int, count: int) -> int:
        came = call(fd, messages, count, socket.MSG_DONTWAIT, None)
        return came if came >= 0 else -ctypes.get_errno()

    return receive


def name_length(family: int) -> int:
    """The length of a socket address of this family."""
    return _NAME_LENGTHS[socket.AddressFamily(family)]


class SocketName:
    """One peer's address as the kernel reads it, at a place in memory that stays."""

    def __init__(self) -> None:
        self._memory = np.zeros(NAME_BYTES, np.uint8)
        self.pointer = int(self._memory.ctypes.data)

    def set(self, address: Address) -> None:
        """What is sent to this name from now on goes to `address`."""
        packed = pack_name(address)
        self._memory[: len(packed)] = np.frombuffer(packed, np.uint8)


def pack_name(address: Address) -> bytes:
    """struct sockaddr_in or sockaddr_in6 (ip(7), ipv6(7))."""
    port = int(address[1]).to_bytes(2, "big")
    if len(address) == 2:
        family = int(socket.AF_INET).to_bytes(2, sys.byteorder)
        return family + port + IPv4Address(address[0]).packed + bytes(8)
    family = int(socket.AF_INET6).to_bytes(2, sys.byteorder)
    host = IPv6Address(str(address[0]).partition("%")[0]).packed
    return family + port + int(address[2]).to_bytes(4, "big") + host + _scope(address[3])


def unpack_name(name: bytes) -> Address:
    """The address as the socket module writes it."""
    family = int.from_bytes(name[:2], sys.byteorder)
    port = int.from_bytes(name[2:4], "big")
    if family == socket.AF_INET:
        return str(IPv4Address(name[4:8])), port
    scope = int.from_bytes(name[24:28], sys.byteorder)
    host = str(IPv6Address(name[8:24]))
    if scope and name[8:10] == b"\xfe\x80":
        host = f"{host}%{socket.if_indextoname(scope)}"
    return host, port, int.from_bytes(name[4:8], "big"), scope


def _scope(number: int) -> bytes:
    return int(number).to_bytes(4, sys.byteorder)


def read_name(pointer: int, length: int) -> bytes:
    """The bytes of a name that lies at `pointer`."""
    return ctypes.string_at(pointer, length)
