"""Packets on their way out: sealed where the kernel reads them, many to a call.

A batch has a fixed number of slots. When they are used up it is sent at once, otherwise at the end
of the turn. What the kernel does not take goes to the socket's bounded queue.
"""

import errno
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from pylibsrtp._binding import ffi, lib

from media_relay.stats import Stats
from media_relay.transport import mmsg
from media_relay.transport.mmsg import CONTROL, IOVEC, MESSAGE, MESSAGE_PACKER, SocketName
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
        self._has_runs = False  # some address gets several packets in a row
        # The slots: rows for whoever fills whole columns, items for one packet at a time. Lengths
        # and names lie where the kernel reads them, so that nothing is copied when each packet is
        # a message of its own.
        self.octets = np.zeros((SLOTS, STRIDE), np.uint8)
        heads = self.octets.reshape(-1).view(HEADER)
        self.flags, self.sequences = heads["flags"], heads["sequence"]
        self.timestamps, self.ssrcs = heads["timestamp"], heads["ssrc"]
        self._vectors, self._messages = np.zeros(SLOTS, IOVEC), np.zeros(SLOTS, MESSAGE)
        self.lengths = self._vectors.view(np.int32)[2::4]  # the low half: no packet needs more
        self.names = self._messages["name"]
        base, self._vectors_at = int(self.octets.ctypes.data), int(self._vectors.ctypes.data)
        self.pointers: list[Any] = [
            ffi.cast("char *", base + STRIDE * slot) for slot in range(SLOTS)
        ]
        self.length_pointers: list[Any] = [
            ffi.cast("int *", self._vectors_at + IOVEC.itemsize * slot + 8) for slot in range(SLOTS)
        ]
        self.view = memoryview(self.octets.reshape(-1).data).cast("B")
        self.length_view = memoryview(self.lengths.data)
        self.name_view = memoryview(self.names.data)
        self._prepare(base)

    def _prepare(self, base: int) -> None:
        """Fill in what is the same in every call."""
        slots = np.arange(SLOTS, dtype=np.uint64)
        self._vectors["base"] = base + slots * STRIDE
        self._messages["name_length"] = self._name_length
        self._messages["vectors"] = self._vectors_at + slots * IOVEC.itemsize
        self._messages["vector_count"] = 1
        self._messages_at = int(self._messages.ctypes.data)
        # Messages of several packets are laid out anew for each call.
        self._long_messages = np.zeros(SLOTS, MESSAGE)
        self._long_messages["name_length"] = self._name_length
        self._long_messages_at = int(self._long_messages.ctypes.data)
        self._long_view = memoryview(self._long_messages.view(np.uint8).data)
        self._controls = np.zeros(SLOTS, CONTROL)
        self._controls["length"] = mmsg.CONTROL_LENGTH
        self._controls["level"] = mmsg.SOL_UDP
        self._controls["type"] = mmsg.UDP_SEGMENT
        self._controls_at = int(self._controls.ctypes.data)
        self._segment_view = memoryview(self._controls["segment"].data)

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
        self.view[at : at + size] = head
        self.view[at + size : at + length] = memoryview(packet)[start:]
        self.length_view[slot] = length
        if protect(outlet.context, self.pointers[slot], self.length_pointers[slot]) != 0:
            return False
        name = self.name_view[slot] = outlet.name.pointer
        self.commit(1, run=2 if slot and self.name_view[slot - 1] == name else 1)
        return True

    def reserve(self, count: int) -> int:
        """The first of `count` slots in a row, SLOTS at most; what is in the way is sent."""
        if self._count + count > SLOTS:
            self.flush()
        return self._count

    def commit(self, count: int, run: int = 1) -> None:
        """So many slots from the reserved one on are filled and sealed.

        `run` of them in a row go to one address: they may leave as one message.
        """
        if self._count == 0:
            self.turn.at_end(self.flush)
        self._count += count
        self._has_runs |= run > 1

    def leave_out(self, slot: int) -> None:
        """A slot among filled ones that is not to be sent."""
        self.length_view[slot] = 0
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
        if self._has_gaps or (self._has_runs and self.can_segment):
            self._send_runs(count)
        else:
            self._hand_over(self._messages_at, range(count), (1,) * count)
        self._has_gaps = self._has_runs = False

    def _send_runs(self, count: int) -> None:
        """Packets in a row as one message, where the kernel can cut it.

        A plain loop: between two flushes the caches go to others, and then numpy's few large calls
        take longer than many small steps (see docs/benchmarks.md).
        """
        names, lengths = self.name_view[:count].tolist(), self.length_view[:count].tolist()
        found = find_starts(names, lengths) if self.can_segment else range(count)
        starts: list[int] = []
        sizes: list[int] = []
        for start, end in pairwise((*found, count)):
            if lengths[start] == 0:
                continue  # left out
            size, index = end - start, len(starts)
            if size > 1:
                self._segment_view[index] = lengths[start]
            MESSAGE_PACKER.pack_into(
                self._long_view,
                index * MESSAGE.itemsize,
                names[start],
                self._name_length,
                self._vectors_at + start * IOVEC.itemsize,
                size,
                self._controls_at + index * CONTROL.itemsize if size > 1 else 0,
                CONTROL.itemsize if size > 1 else 0,
            )
            starts.append(start)
            sizes.append(size)
        self._hand_over(self._long_messages_at, starts, sizes)

    def _hand_over(self, messages_at: int, starts: Sequence[int], sizes: Sequence[int]) -> None:
        """Messages of so many packets each, from those slots on."""
        count, done = len(starts), 0
        while done < count:
            at = messages_at + done * MESSAGE.itemsize
            taken = self._send_messages(self._fd, at, count - done)
            if taken > 0:
                done += taken
            elif taken == -errno.EAGAIN:
                for start, size in zip(starts[done:], sizes[done:], strict=True):
                    self._keep(start, size)
                return
            elif taken != -errno.EINTR:
                self._refused(-taken, starts[done], sizes[done])
                done += 1

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
            at, length = slot * STRIDE, self.length_view[slot]
            if length == 0:
                continue  # left out
            name = mmsg.read_name(self.name_view[slot], self._name_length)
            self._keep_for_later(bytes(self.view[at : at + length]), name)


assert STRIDE >= MAX_PLAIN_BYTES + MAX_TRAILER_BYTES  # noqa: S101 - libsrtp writes behind the packet
