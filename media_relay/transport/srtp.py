"""SRTP through libsrtp into kept buffers (RFC 3711, RFC 7714): no packet object, no copy.

`pylibsrtp.Session` copies each packet twice; its C binding does the same work in place, which
costs a third. Only the binding's functions are used, on the contexts that the session made.
"""

from enum import Enum
from socket import htonl
from typing import Any

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

MAX_TRAILER_BYTES = 4 + 16 + 128  # SRTCP index, longest tag, master key identifier
_REPLAYED = (9, 10)  # srtp_err_status_replay_fail, srtp_err_status_replay_old


class Refused(Enum):
    """Why a packet could not be opened; the value names the drop counter."""

    REPLAY = "srtp_replay"
    FORGED = "srtp_forged"


class PacketBuffer:
    """A bytearray that stays where it is, seen by Python and by C."""

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)
        self.view = memoryview(self.data)
        self.pointer: Any = ffi.from_buffer("char[]", self.data)
        self.address = int(ffi.cast("uintptr_t", self.pointer))


class InboundSrtp:
    """Opens what the peer sends, in place."""

    def __init__(self, session: Session) -> None:
        self._session = session  # owns the context's memory
        self._context: Any = session._srtp[0]  # noqa: SLF001 - the binding works on the context
        self._length: Any = ffi.new("int *")

    def open_rtp(self, buffer: PacketBuffer, length: int) -> int | Refused:
        """The plain length of the RTP packet in `buffer`, or why it is refused."""
        return self._open(lib.srtp_unprotect, buffer, length)

    def open_rtcp(self, buffer: PacketBuffer, length: int) -> int | Refused:
        """The plain length of the RTCP packet in `buffer`, or why it is refused."""
        return self._open(lib.srtp_unprotect_rtcp, buffer, length)

    def _open(self, unprotect: Any, buffer: PacketBuffer, length: int) -> int | Refused:
        self._length[0] = length
        status = unprotect(self._context, buffer.pointer, self._length)
        if status == 0:
            return int(self._length[0])
        return Refused.REPLAY if status in _REPLAYED else Refused.FORGED


class OutboundSrtp:
    """Seals what the relay sends, in place."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.context: Any = session._srtp[0]  # noqa: SLF001 - the binding works on the context
        self._length: Any = ffi.new("int *")

    def seal_rtp(self, buffer: PacketBuffer, length: int) -> int | None:
        """The sealed length; None when libsrtp refuses. `buffer` needs MAX_TRAILER_BYTES room."""
        return self._seal(lib.srtp_protect, buffer, length)

    def seal_rtcp(self, buffer: PacketBuffer, length: int) -> int | None:
        """As `seal_rtp`, for an RTCP packet."""
        return self._seal(lib.srtp_protect_rtcp, buffer, length)

    def forget_stream(self, ssrc: int) -> None:
        """Give back what libsrtp keeps of a stream. Nothing may be sent under this SSRC again: its
        packets would be counted from the beginning, and AES-GCM see a number twice.
        """
        # It refuses what was never sent. The SSRC is expected in the network's order.
        lib.srtp_remove_stream(self.context, htonl(ssrc))

    def _seal(self, protect: Any, buffer: PacketBuffer, length: int) -> int | None:
        self._length[0] = length
        if protect(self.context, buffer.pointer, self._length) != 0:
            return None
        return int(self._length[0])
