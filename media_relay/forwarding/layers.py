"""The layers of one publication, and which of them each viewer gets.

A viewer is moved to another layer only at a key frame of that layer. Until then it keeps what it
has; a layer that falls silent is left for one that still sends.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from media_relay.forwarding.fanout import FanOut
from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.source import SourceStream

CATCH_UP_PACKETS = 200  # a joiner gets at most so many packets from the last key frame at once
SILENT_S = 0.3  # no packet for so long: viewers go to another layer, if one has packets
LEFT_OUT_S = 3.0  # no packet for so long while another layer sends: the publisher leaves it out
TOP = 99  # an index above every layer: the best there is


class Viewer(Protocol):
    """Who gets packets: a forwarder to a browser, or a recorder."""

    def switch(self, source: SourceStream, packet: StoredPacket, now: float) -> None:
        """The packets from `packet` on are those of `source`."""

    def forward(self, packet: StoredPacket, now: float) -> None:
        """One packet of the present source."""


@dataclass(eq=False)
class Viewing:
    """What one viewer is to get, gets, and waits for."""

    wanted: int | None  # at most the layer with this index; None: nothing
    catches_up: bool = True  # begins with the newest key frame there is, not with the next one
    layer: "Layer | None" = None
    waits_for: "Layer | None" = None


@dataclass(eq=False)
class Layer:
    """One encoding of the publication; `viewers` are those who get its packets now."""

    index: int
    rid: str = ""  # empty where there is only one
    stream: SourceStream | None = None
    stream_since: float = float("-inf")
    heard_at: float = float("-inf")
    viewers: FanOut[Viewer] = field(default_factory=FanOut)
    waiting: dict[Viewer, None] = field(default_factory=dict)  # for its next key frame

    octets: int = 0
    bitrate_bps: float = 0.0  # 0: not known; the last known one while the layer is silent
    measured_at: float | None = None

    def is_silent(self, now: float) -> bool:
        return now - self.heard_at > SILENT_S

    def measure(self, now: float) -> None:
        """Once a second: how much comes, smoothed over about three seconds."""
        octets, self.octets = self.octets, 0
        since, self.measured_at = self.measured_at, now
        if since is None or now <= since or self.is_silent(now):
            return
        bitrate_bps = octets * 8 / (now - since)
        share = 0.4 if self.bitrate_bps else 1.0
        self.bitrate_bps += (bitrate_bps - self.bitrate_bps) * share


class LayerSet:
    """All layers of one publication, from the smallest to the largest, and their viewers."""

    def __init__(self, rids: tuple[str, ...], *, needs_key_frame: bool) -> None:
        self.layers = [Layer(index, rid) for index, rid in enumerate(rids or ("",))]
        self.is_paused = False
        self._needs_key_frame = needs_key_frame
        self._viewings: dict[Viewer, Viewing] = {}
        self._sending: tuple[Layer, ...] = ()

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @property
    def rids(self) -> tuple[str, ...]:
        return tuple(layer.rid for layer in self.layers if layer.rid)

    @property
    def streams(self) -> list[SourceStream]:
        return [layer.stream for layer in self.layers if layer.stream is not None]

    @property
    def has_viewers(self) -> bool:
        return bool(self._viewings)

    @property
    def is_waited_for(self) -> bool:
        """Some viewer waits for a key frame."""
        return any(layer.waiting for layer in self.layers)

    @property
    def needed(self) -> frozenset[int]:
        """The layers that somebody gets or is to get, by index.

        The smallest belongs to them as soon as there is anybody: the way down must not begin with
        asking the publisher.
        """
        needed: set[int] = set()
        top = len(self.layers) - 1
        for viewing in self._viewings.values():
            if viewing.wanted is not None:
                needed |= {0, min(viewing.wanted, top)}
            if viewing.layer is not None:
                needed.add(viewing.layer.index)
        return frozenset(needed)

    def is_left_out(self, layer: Layer, now: float) -> bool:
        """Browsers leave large layers out when their camera, computer or network has no room."""
        return now - layer.heard_at > LEFT_OUT_S and any(
            now - other.stream_since > LEFT_OUT_S and not other.is_silent(now)
            for other in self.layers
        )

    def successor(self, rids: tuple[str, ...], now: float) -> "LayerSet":
        """Another set of layers with the same viewers, who wait for its first key frames."""
        following = LayerSet(rids, needs_key_frame=self._needs_key_frame)
        following.is_paused = self.is_paused
        for viewer, viewing in self._viewings.items():
            if viewing.layer is not None:
                viewing.layer.viewers.discard(viewer)
            following.add(viewer, now, wanted=viewing.wanted, catches_up=viewing.catches_up)
        return following

    def find_sending(self, now: float) -> SourceStream | None:
        """A stream that has packets, if there is one: whom to ask for key frames."""
        best = self._best(0, now)
        return None if best is None else best.stream

    # --- viewers ---

    def add(
        self,
        viewer: Viewer,
        now: float,
        *,
        wanted: int | None = TOP,
        catches_up: bool = True,
    ) -> None:
        """Somebody wants to watch; twice is harmless."""
        self.remove(viewer)
        self._viewings[viewer] = Viewing(wanted, catches_up)
        self._choose(viewer, now)

    def remove(self, viewer: Viewer) -> None:
        """A viewer is gone; twice is harmless."""
        viewing = self._viewings.pop(viewer, None)
        if viewing is not None:
            self._detach(viewer, viewing)

    def want(self, viewer: Viewer, index: int | None, now: float) -> None:
        """Give this viewer at most the layer `index` from now on, or nothing."""
        viewing = self._viewings.get(viewer)
        if viewing is not None and viewing.wanted != index:
            viewing.wanted = index
            self._choose(viewer, now)

    def wanted_by(self, viewer: Viewer) -> int | None:
        """At most which layer the viewer is to get."""
        viewing = self._viewings.get(viewer)
        return None if viewing is None else viewing.wanted

    def layer_of(self, viewer: Viewer) -> Layer | None:
        """Whose packets the viewer gets now."""
        viewing = self._viewings.get(viewer)
        return None if viewing is None else viewing.layer

    def pause(self, is_paused: bool, now: float) -> None:
        """Nobody gets anything, or everybody again."""
        self.is_paused = is_paused
        self._choose_for(self._viewings, now)

    # --- packets ---

    def replace_stream(self, layer: Layer, stream: SourceStream | None, now: float) -> None:
        """The layer comes from another SSRC now; its viewers go on at its first key frame."""
        layer.stream, layer.stream_since = stream, now
        for viewer in list(layer.viewers):
            self._detach(viewer, self._viewings[viewer])
            self._wait(viewer, layer)
        if stream is not None:
            # The first stream of a camera is good enough until a better one has packets.
            hungry = [viewer for viewer, viewing in self._viewings.items() if not viewing.layer]
            layer.heard_at = now
            self._choose_for(hungry, now)

    def accept(self, layer: Layer, packet: StoredPacket, now: float) -> None:
        """One new packet: to the viewers of the layer, and to those who waited for it."""
        was_silent = layer.is_silent(now)
        layer.heard_at = now
        layer.octets += len(packet.data)
        layer.viewers.forward(packet, now)
        # Only now: whoever enters here gets this packet from the ring.
        if was_silent and packet.is_key_frame_start:
            self._choose_for(self._viewings, now)
        if layer.waiting and (packet.is_key_frame_start or not self._needs_key_frame):
            self._let_in(layer, packet, now)

    def tick(self, now: float) -> None:
        """Several times a second: look for another layer where one has fallen silent."""
        sending = tuple(layer for layer in self.layers if layer.stream and not layer.is_silent(now))
        if sending != self._sending:
            self._sending = sending
            self._choose_for(self._viewings, now)

    def _let_in(self, layer: Layer, first: StoredPacket, now: float) -> None:
        assert layer.stream is not None  # noqa: S101 - it has just sent a packet
        packets = list(layer.stream.ring.since(first.sequence))
        for viewer in list(layer.waiting):
            self._enter(viewer, layer, packets, now)

    # --- choosing ---

    def _choose_for(self, viewers: Iterable[Viewer], now: float) -> None:
        for viewer in list(viewers):
            self._choose(viewer, now)

    def _choose(self, viewer: Viewer, now: float) -> None:
        viewing = self._viewings[viewer]
        if viewing.wanted is None or self.is_paused:
            self._detach(viewer, viewing)
            return
        best = self._best(viewing.wanted, now)
        if best is viewing.layer:
            self._stop_waiting(viewer, viewing)
        elif best is not None and best is not viewing.waits_for:
            self._stop_waiting(viewer, viewing)
            may_catch_up = viewing.catches_up and not viewing.layer
            recent = self._recent(best) if may_catch_up else None
            if recent:
                self._enter(viewer, best, recent, now)
            else:
                self._wait(viewer, best)

    def _best(self, wanted: int, now: float) -> Layer | None:
        """The largest that is wanted and sends, else the smallest that sends."""
        known = [layer for layer in self.layers if layer.stream is not None]
        sending = [layer for layer in known if not layer.is_silent(now)] or known
        fitting = [layer for layer in sending if layer.index <= wanted]
        return fitting[-1] if fitting else next(iter(sending), None)

    def _recent(self, layer: Layer) -> list[StoredPacket] | None:
        """What a viewer without a picture is shown at once."""
        if not self._needs_key_frame or layer.stream is None:
            return None
        return layer.stream.ring.since_key_frame(CATCH_UP_PACKETS)

    def _enter(self, viewer: Viewer, layer: Layer, packets: list[StoredPacket], now: float) -> None:
        assert layer.stream is not None  # noqa: S101 - its packets are at hand
        viewing = self._viewings[viewer]
        self._detach(viewer, viewing)
        viewing.layer = layer
        layer.viewers.add(viewer)
        viewer.switch(layer.stream, packets[0], now)
        for packet in packets:
            viewer.forward(packet, now)

    def _wait(self, viewer: Viewer, layer: Layer) -> None:
        self._viewings[viewer].waits_for = layer
        layer.waiting[viewer] = None

    def _stop_waiting(self, viewer: Viewer, viewing: Viewing) -> None:
        if viewing.waits_for is not None:
            viewing.waits_for.waiting.pop(viewer, None)
            viewing.waits_for = None

    def _detach(self, viewer: Viewer, viewing: Viewing) -> None:
        self._stop_waiting(viewer, viewing)
        if viewing.layer is not None:
            viewing.layer.viewers.discard(viewer)
            viewing.layer = None
