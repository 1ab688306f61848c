"""One source of one participant: its layers come in here and go out to all its viewers."""

import secrets
from collections.abc import Callable

from media_relay.forwarding.bandwidth import (
    USUAL_SOUND_BPS,
    likely_heights,
    suitable_layer,
    usual_bps,
)
from media_relay.forwarding.demand import Demand
from media_relay.forwarding.keyframes import KeyFrameGate
from media_relay.forwarding.layers import TOP, Layer, LayerSet, Viewer
from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.source import SourceStream
from media_relay.protocol import PublicationInfo, Source
from media_relay.sdp.codecs import Codec
from media_relay.stats import Stats


class Publication:
    """What others may watch; lives as long as its source, over reconnections of the publisher."""

    def __init__(
        self,
        *,
        participant: str,
        source: Source,
        codec: Codec,
        stats: Stats,
        rids: tuple[str, ...] = (),
    ) -> None:
        self.id = secrets.token_hex(8)
        self.participant = participant
        self.source: Source = source
        self.codec = codec
        self.ask_publisher: Callable[[int], None] | None = None
        self.layers = LayerSet(rids, needs_key_frame=codec.kind == "video")
        self.demand = Demand(len(self.layers.layers))
        self._gate = KeyFrameGate()
        self._stats = stats

    @property
    def info(self) -> PublicationInfo:
        """As the control protocol names it."""
        return PublicationInfo(
            publication=self.id, participant=self.participant, source=self.source
        )

    @property
    def is_video(self) -> bool:
        return self.codec.kind == "video"

    @property
    def is_paused(self) -> bool:
        return self.layers.is_paused

    @property
    def heights(self) -> tuple[int, ...]:
        """How many lines each layer has, as far as that is known or follows."""
        return likely_heights(
            [layer.stream.height if layer.stream else None for layer in self.layers]
        )

    def costs_bps(self, now: float) -> tuple[float, ...]:
        """What each layer takes; until it was measured, what such a layer usually takes.

        A layer that the publisher was asked for and does not send takes nothing more than the one
        below it: whoever wants it gets that one.
        """
        if not self.is_video:
            return tuple(layer.bitrate_bps or USUAL_SOUND_BPS for layer in self.layers)
        costs: list[float] = []
        for layer, height in zip(self.layers, self.heights, strict=True):
            is_left_out = layer.index in self.demand.told and self.layers.is_left_out(layer, now)
            if costs and is_left_out:
                costs.append(costs[-1])
            else:
                costs.append(layer.bitrate_bps or usual_bps(height))
        return tuple(costs)

    def layer_for(self, tile_height: int) -> int:
        """The layer that suits a tile of this height."""
        return suitable_layer(self.heights, tile_height)

    # --- viewers ---

    def add(self, viewer: Viewer, now: float, *, wanted: int | None = TOP) -> None:
        """A viewer is ready: serve it from the last key frame, else ask for one."""
        self.layers.add(viewer, now, wanted=wanted)
        self._ask_for_waiting(now)

    def want(self, viewer: Viewer, index: int | None, now: float) -> None:
        """Give the viewer at most this layer from now on; None gives nothing."""
        self.layers.want(viewer, index, now)
        self._ask_for_waiting(now)

    def record(self, recorder: Viewer, now: float) -> None:
        """A recorder gets the best there is from now on, and nothing that was said before."""
        self.layers.add(recorder, now, catches_up=False)
        self._ask_for_waiting(now)

    def remove(self, viewer: Viewer) -> None:
        """A viewer is gone; twice is harmless."""
        self.layers.remove(viewer)

    def want_key_frame(self, now: float) -> None:
        """A viewer cannot show a picture; asked for at once, or when the second is over."""
        if self.is_video and not self.is_paused:
            self._gate.want()
            self._flush_key_frame_request(now)

    # --- packets ---

    def replace_stream(self, layer: Layer, stream: SourceStream, now: float) -> None:
        """The publisher sends from another SSRC now; viewers see one unbroken stream."""
        self.layers.replace_stream(layer, stream, now)

    def end_streams(self, now: float) -> None:
        """The connection that brought the packets is gone; another one may follow."""
        for layer in self.layers:
            self.layers.replace_stream(layer, None, now)
            layer.stream_since = float("-inf")  # the next SSRC is taken at once
        self.demand = Demand(len(self.layers.layers))

    def replace_layers(self, rids: tuple[str, ...], now: float) -> None:
        """The browser came back with other encodings; viewers wait for their key frames."""
        self.layers = self.layers.successor(rids, now)
        self.demand = Demand(len(self.layers.layers))

    def accept(self, layer: Layer, packet: StoredPacket, now: float) -> None:
        """A new packet of a layer."""
        if packet.is_key_frame_start:
            self._gate.arrived()
            self._stats.key_frames_in += 1
        if self.is_paused:
            self._stats.drops["paused"] += 1
        self.layers.accept(layer, packet, now)

    def pause(self, is_paused: bool, now: float) -> None:
        """Stop or resume forwarding."""
        if is_paused != self.is_paused:
            self.layers.pause(is_paused, now)
            self._ask_for_waiting(now)

    def tick(self, now: float) -> None:
        """Called several times a second: nobody waits in vain for a key frame."""
        self.layers.tick(now)
        for layer in self.layers:
            if layer.stream is not None and layer.stream.is_beyond_repair:
                layer.stream.is_beyond_repair = False
                if layer.viewers:
                    self.want_key_frame(now)
        self._ask_for_waiting(now)
        self._flush_key_frame_request(now)

    def update_demand(self, now: float) -> bool:
        """Whether the publisher is to be told anew which layers are watched."""
        return self.is_video and self.demand.update(self.layers.needed, now)

    def measure(self, now: float) -> None:
        """Once a second: what each layer takes."""
        for layer in self.layers:
            layer.measure(now)

    def _ask_for_waiting(self, now: float) -> None:
        if self.layers.is_waited_for:
            self.want_key_frame(now)

    def _flush_key_frame_request(self, now: float) -> None:
        """Send a request that is due; without a stream there is nobody to ask yet.

        One layer is asked for all: browsers answer with a key frame in each of them.
        """
        stream = self.layers.find_sending(now)
        if stream is None or self.ask_publisher is None:
            return
        if self._gate.should_ask(now):
            self._stats.key_frames_asked += 1
            self.ask_publisher(stream.ssrc)
