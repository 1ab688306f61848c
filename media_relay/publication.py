"""One source of one participant: its stream comes in here and goes out to all its viewers."""

import secrets
from collections.abc import Callable

from media_relay.forwarding.forwarder import Forwarder
from media_relay.forwarding.keyframes import KeyFrameGate
from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.source import SourceStream
from media_relay.protocol import PublicationInfo, Source
from media_relay.sdp.codecs import Codec
from media_relay.stats import Stats

CATCH_UP_PACKETS = 200  # a joiner gets at most so many packets from the last key frame at once


class Publication:
    """What others may watch; lives as long as its source, over reconnections of the publisher."""

    def __init__(self, *, participant: str, source: Source, codec: Codec, stats: Stats) -> None:
        self.id = secrets.token_hex(8)
        self.participant = participant
        self.source: Source = source
        self.codec = codec
        self.is_paused = False
        self.stream: SourceStream | None = None
        self.ask_publisher: Callable[[int], None] | None = None
        self._forwarders: dict[Forwarder, None] = {}  # in the order they came
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

    # --- viewers ---

    def add(self, forwarder: Forwarder, now: float) -> None:
        """A viewer is ready: serve it from the last key frame, else ask for one."""
        forwarder.start_over()
        self._forwarders[forwarder] = None
        if not self.is_video or self.is_paused:
            return
        recent = None if self.stream is None else self.stream.ring.since_key_frame(CATCH_UP_PACKETS)
        for packet in recent or ():
            forwarder.forward(packet, now)
        if forwarder.is_waiting_for_key_frame:
            self.want_key_frame(now)

    def remove(self, forwarder: Forwarder) -> None:
        """A viewer is gone; twice is harmless."""
        self._forwarders.pop(forwarder, None)

    def want_key_frame(self, now: float) -> None:
        """A viewer cannot show a picture; asked for at once, or when the second is over."""
        if self.is_video and not self.is_paused:
            self._gate.want()
            self.flush_key_frame_request(now)

    # --- packets ---

    def replace_stream(self, stream: SourceStream) -> None:
        """The publisher sends from another SSRC now; viewers see one unbroken stream."""
        self.stream = stream
        for forwarder in self._forwarders:
            forwarder.start_over()

    def accept(self, packet: StoredPacket, now: float) -> None:
        """A new packet of the stream."""
        if packet.is_key_frame_start:
            self._gate.arrived()
            self._stats.key_frames_in += 1
        if self.is_paused:
            self._stats.drops["paused"] += 1
            return
        for forwarder in self._forwarders:
            forwarder.forward(packet, now)

    def pause(self, is_paused: bool, now: float) -> None:
        """Stop or resume forwarding."""
        if is_paused == self.is_paused:
            return
        self.is_paused = is_paused
        for forwarder in self._forwarders:
            forwarder.start_over()
        if not is_paused and self._forwarders:
            self.want_key_frame(now)

    def tick(self, now: float) -> None:
        """Called several times a second: nobody waits in vain for a key frame."""
        if self.stream is not None and self.stream.is_beyond_repair:
            self.stream.is_beyond_repair = False
            self.want_key_frame(now)
        if any(forwarder.is_waiting_for_key_frame for forwarder in self._forwarders):
            self.want_key_frame(now)
        self.flush_key_frame_request(now)

    def flush_key_frame_request(self, now: float) -> None:
        """Send a request that is due; without a stream there is nobody to ask yet."""
        if self.stream is None or self.ask_publisher is None:
            return
        if self._gate.should_ask(now):
            self._stats.key_frames_asked += 1
            self.ask_publisher(self.stream.ssrc)
