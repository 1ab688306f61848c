"""Packets on their way out: sealed where the kernel reads them, many to a call.

A batch has a fixed number of slots. When they are used up it is sent at once, otherwise at the end
of the turn. What the kernel does not take goes to the socket's bounded queue.
"""

import errno
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from pylibsrtp._binding import ffi, lib

from media_relay.stats import Stats
from media_relay.transport import mmsg
from media_relay.transport.mmsg import CONTROL, IOVEC, MESSAGE, SocketName
from media_relay.transport.segments import find_starts
from media_relay.transport.srtp import MAX_TRAILER_BYTES, OutboundSrtp
from media_relay.transport.turn import Turn

SLOTS = 512
MAX_PLAIN_BYTES = 1500
STRIDE = 1664  # MAX_PLAIN_BYTES + MAX_TRAILER_BYTES, up to whole cache lines
# What the kernel says to a segmented message that it would take packet by packet: a card without
# checksums (EIO), a packet above the path's size (EINVAL, EMSGSIZE), no such option.
_UNSEGMENTABLE = (errno.EIO, errno.EINVAL, errno.EMSGSIZE, errno.EOPNOTSUPP)

HEADER = np.dtype(
    {
        "names": ["flags", "sequence", "timestamp", "ssrc"],
        "formats": [">u2", ">u2", ">u4", ">u4"],
        "offsets": [0, 2, 4, 8],
        "itemsize": STRIDE,
    }
)  # RFC 3550 section 5.1; one record for each slot

SendMessages = Callable[[int, int, int], int]
Keep = Callable[[bytes, bytes], None]


class Outlet:
    """Where the packets of one connection go in: its keys, its peer's address, its batch."""

    def __init__(self, srtp: OutboundSrtp, name: SocketName, batch: "OutBatch") -> None:
        self.srtp = srtp  # holds the memory that the context lies in
        self.context = srtp.context
        self.name = name
        self.batch = batch


class OutBatch:
    """The slots of one socket. `generation` rises when any connection comes, moves or goes."""

    def __init__(
        self,
        fd: int,
        *,
        name_length: int,
        send: SendMessages,
        keep: Keep,
        turn: Turn,
        stats: Stats,
        can_segment: bool,
    ) -> None:
        self.turn = turn
        self.generation = 0
        self.can_segment = can_segment
        self._fd = fd
        self._name_length = name_length
        self._send_messages = send
        self._keep_for_later = keep
        self.stats = stats
        self._count = 0
        self._has_gaps = False  # some slot is empty: a packet that could not be sealed
        # Rows for whoever fills whole columns.
        self.octets = np.zeros((SLOTS, STRIDE), np.uint8)
        heads = self.octets.reshape(-1).view(HEADER)
        self.flags, self.sequences = heads["flags"], heads["sequence"]
        self.timestamps, self.ssrcs = heads["timestamp"], heads["ssrc"]
        self.lengths = np.zeros(SLOTS, np.int32)
        self.names = np.zeros(SLOTS, np.uint64)
        # The same memory for C, and for one packet at a time.
        base = int(self.octets.ctypes.data)
        self.pointers: list[Any] = [
            ffi.cast("char *", base + STRIDE * slot) for slot in range(SLOTS)
        ]
        length_base = int(self.lengths.ctypes.data)
        self.length_pointers: list[Any] = [
            ffi.cast("int *", length_base + 4 * slot) for slot in range(SLOTS)
        ]
        self._view = memoryview(self.octets.reshape(-1).data).cast("B")
        self._length_view = memoryview(self.lengths.data)
        self._name_view = memoryview(self.names.data)
        self._prepare(base)

    def _prepare(self, base: int) -> None:
        """Fill in what is the same in every call."""
        slots = np.arange(SLOTS, dtype=np.uint64)
        self._vectors = np.zeros(SLOTS, IOVEC)
        self._vectors["base"] = base + slots * STRIDE
        self._controls = np.zeros(SLOTS, CONTROL)
        self._controls["length"] = mmsg.CONTROL_LENGTH
        self._controls["level"] = mmsg.SOL_UDP
        self._controls["type"] = mmsg.UDP_SEGMENT
        self._messages = np.zeros(SLOTS, MESSAGE)
        self._messages["name_length"] = self._name_length
        self._vector_places = self._vectors.ctypes.data + slots * IOVEC.itemsize
        self._control_places = self._controls.ctypes.data + slots * CONTROL.itemsize
        self._messages_at = int(self._messages.ctypes.data)

    # --- filling ---

    def append(self, outlet: Outlet, head: bytes, packet: bytes, start: int) -> bool:
        """Seal `head` followed by `packet[start:]`; false when libsrtp refuses."""
        return self._append(lib.srtp_protect, outlet, head, packet, start)

    def append_rtcp(self, outlet: Outlet, packet: bytes) -> bool:
        """As `append`, for an RTCP packet."""
        return self._append(lib.srtp_protect_rtcp, outlet, b"", packet, 0)

    def _append(self, protect: Any, outlet: Outlet, head: bytes, packet: bytes, start: int) -> bool:
        slot = self.reserve(1)
        at, size = slot * STRIDE, len(head)
        length = size + len(packet) - start
        self._view[at : at + size] = head
        self._view[at + size : at + length] = memoryview(packet)[start:]
        self._length_view[slot] = length
        if protect(outlet.context, self.pointers[slot], self.length_pointers[slot]) != 0:
            return False
        self._name_view[slot] = outlet.name.pointer
        self.commit(1)
        return True

    def reserve(self, count: int) -> int:
        """The first of `count` slots in a row, SLOTS at most; what is in the way is sent."""
        if self._count + count > SLOTS:
            self.flush()
        return self._count

    def commit(self, count: int) -> None:
        """So many slots from the reserved one on are filled and sealed."""
        if self._count == 0:
            self.turn.at_end(self.flush)
        self._count += count

    def leave_out(self, slot: int) -> None:
        """A slot among filled ones that is not to be sent."""
        self.lengths[slot] = 0
        self._has_gaps = True

    # --- sending ---

    def close(self) -> None:
        """Send what is there; nothing is sent afterwards."""
        self.flush()
        self._fd = -1

    def flush(self) -> None:
        """Hand everything to the kernel."""
        count, self._count = self._count, 0
        if count == 0:
            return
        lengths, names = self.lengths[:count], self.names[:count]
        self._vectors["length"][:count] = lengths
        starts = find_starts(names, lengths) if self.can_segment else np.arange(count)
        sizes = np.diff(starts, append=count)
        if self._has_gaps:
            self._has_gaps = False
            is_filled = lengths[starts] > 0
            starts, sizes = starts[is_filled], sizes[is_filled]
        self._write_messages(starts, sizes, names, lengths)
        self._hand_over(starts, sizes)

    def _write_messages(
        self,
        starts: npt.NDArray[np.intp],
        sizes: npt.NDArray[np.intp],
        names: npt.NDArray[np.uint64],
        lengths: npt.NDArray[np.int32],
    ) -> None:
        count = len(starts)
        messages = self._messages[:count]
        messages["name"] = names[starts]
        messages["vectors"] = self._vector_places[starts]
        messages["vector_count"] = sizes
        if len(sizes) == 0 or sizes.max() == 1:
            messages["control"] = 0
            messages["control_length"] = 0
            return
        is_cut = sizes > 1
        messages["control"] = np.where(is_cut, self._control_places[:count], 0)
        messages["control_length"] = np.where(is_cut, CONTROL.itemsize, 0)
        self._controls["segment"][:count] = lengths[starts]

    def _hand_over(self, starts: npt.NDArray[np.intp], sizes: npt.NDArray[np.intp]) -> None:
        position, count = 0, len(starts)
        while position < count:
            at = self._messages_at + position * MESSAGE.itemsize
            taken = self._send_messages(self._fd, at, count - position)
            if taken > 0:
                position += taken
            elif taken == -errno.EAGAIN:
                for index in range(position, count):
                    self._keep(int(starts[index]), int(sizes[index]))
                return
            elif taken != -errno.EINTR:
                self._refused(-taken, int(starts[position]), int(sizes[position]))
                position += 1

    def _refused(self, error: int, start: int, size: int) -> None:
        """One message the kernel does not want: without segments it may still take it."""
        if size == 1 or error not in _UNSEGMENTABLE:
            self.stats.drops["send_refused"] += size
            return
        self.stats.drops["segments_refused"] += 1
        if error == errno.EIO:
            self.can_segment = False
        self._keep(start, size)

    def _keep(self, start: int, size: int) -> None:
        for slot in range(start, start + size):
            at, length = slot * STRIDE, self._length_view[slot]
            name = mmsg.read_name(self._name_view[slot], self._name_length)
            self._keep_for_later(bytes(self._view[at : at + length]), name)


assert STRIDE >= MAX_PLAIN_BYTES + MAX_TRAILER_BYTES  # noqa: S101 - libsrtp writes behind the packet
