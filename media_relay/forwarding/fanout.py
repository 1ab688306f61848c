"""One stream to many viewers, together at the end of the turn.

Put whoever watches a stream into a `FanOut` and give it each new packet once. A viewer whose
packets differ from the stored ones by constants alone has a `Column`; those are served together
(see columns.py). A viewer without one (a recorder, a connection over TCP) gets
`forward(packet, now)`.

The bytes are those that the viewer's `forward` would have sent, so that a repair from the ring
repeats them: AES-GCM must never see one number with two contents. Whoever changes a viewer's
offsets takes it out of the fan-out first and puts it back afterwards; `settle` tells a viewer at
any time what was sent in its name.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from media_relay.forwarding.columns import Column, Group
from media_relay.forwarding.ring import StoredPacket
from media_relay.transport.outbox import OutBatch

MAX_PACKETS = 32  # collected at most before they are sent


class Sent(NamedTuple):
    """What a fan-out sent in a viewer's name since it was last told."""

    packets: int
    octets: int  # of payload
    newest: StoredPacket
    at: float


class Viewer(Protocol):
    """Who gets packets."""

    def forward(self, packet: StoredPacket, now: float) -> None:
        """One packet of the present source."""


V = TypeVar("V", bound=Viewer)


class ColumnViewer(ABC):
    """A viewer that a fan-out may send for."""

    fan: "FanOut[Any] | None" = None

    @abstractmethod
    def forward(self, packet: StoredPacket, now: float) -> None:
        """One packet of the present source."""

    @abstractmethod
    def column(self) -> Column | None:
        """The viewer's constants; None while it wants each packet itself."""

    @abstractmethod
    def account(self, sent: Sent) -> None:
        """Take over what was sent in the viewer's name."""

    def catch_up(self) -> None:
        """Know what was sent until now."""
        if self.fan is not None:
            self.fan.settle(self)


class FanOut(Generic[V]):
    """The viewers of one stream, in the order they came."""

    def __init__(self) -> None:
        self._viewers: dict[V, None] = {}
        self._is_stale = False
        self._groups: list[Group] = []
        self._singles: list[V] = []
        self._floor = 0  # packets with smaller numbers are older than some viewer's offsets
        self._pending: list[StoredPacket] = []
        self._now = 0.0
        # What was sent to every column, and how much of that each of them was told.
        self._packets = 0
        self._octets = 0
        self._newest: tuple[StoredPacket, float] | None = None
        self._told: dict[ColumnViewer, tuple[int, int]] = {}

    def __iter__(self) -> Iterator[V]:
        return iter(self._viewers)

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, viewer: V) -> None:
        """Serve this viewer from the next packet on; twice is harmless."""
        self._dissolve()
        self._viewers[viewer] = None

    def discard(self, viewer: V) -> None:
        """Stop serving this viewer; twice is harmless."""
        if viewer in self._viewers:
            self._dissolve()
            del self._viewers[viewer]

    def forward(self, packet: StoredPacket, now: float) -> None:
        """One new packet of the stream, to everybody."""
        if self._is_stale or self._is_outdated():
            self._build()
        if packet.sequence < self._floor:
            self._dissolve()
            self._build_singles()
        for viewer in self._singles:
            viewer.forward(packet, now)
        if not self._groups:
            return
        self._pending.append(packet)
        self._now = now
        if len(self._pending) >= MAX_PACKETS:
            self.flush()
        elif len(self._pending) == 1:
            self._groups[0].batch.turn.at_end(self.flush)

    def flush(self) -> None:
        """Send what was collected."""
        packets, self._pending = self._pending, []
        if not packets:
            return
        for group in self._groups:
            group.send(packets)
        self._packets += len(packets)
        self._octets += sum(len(packet.data) - packet.payload_start for packet in packets)
        newest = max(packets, key=lambda packet: packet.sequence)
        if self._newest is None or newest.sequence > self._newest[0].sequence:
            self._newest = newest, self._now

    def settle(self, viewer: ColumnViewer) -> None:
        """Tell one viewer what was sent in its name."""
        self.flush()
        told = self._told.get(viewer)
        if told is None or self._newest is None or told[0] == self._packets:
            return
        self._told[viewer] = self._packets, self._octets
        viewer.account(Sent(self._packets - told[0], self._octets - told[1], *self._newest))

    # --- columns ---

    def _is_outdated(self) -> bool:
        for group in self._groups:  # noqa: SIM110 - for each packet, and a generator costs more
            if group.generation != group.batch.generation:
                return True
        return False

    def _dissolve(self) -> None:
        """Back to viewers that know all about themselves."""
        for viewer in list(self._told):
            self.settle(viewer)
            viewer.fan = None
        self._told.clear()
        self._groups = []
        self._newest = None
        self._floor = 0
        self._is_stale = True

    def _build(self) -> None:
        self._dissolve()
        self._is_stale = False
        columns: dict[OutBatch, dict[ColumnViewer, Column]] = {}
        for viewer in self._viewers:
            column = viewer.column() if isinstance(viewer, ColumnViewer) else None
            if column is not None and isinstance(viewer, ColumnViewer):
                columns.setdefault(column.outlet.batch, {})[viewer] = column
        for batch, found in columns.items():
            self._groups.append(Group(batch, list(found.values())))
            self._floor = max(self._floor, *(column.first for column in found.values()))
            for served in found:
                self._told[served] = self._packets, self._octets
                served.fan = self
        self._build_singles()

    def _build_singles(self) -> None:
        self._singles = [viewer for viewer in self._viewers if viewer not in self._told]
