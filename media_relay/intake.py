"""What comes in on one publish connection: routed, counted, and reported on to its sender."""

import asyncio
import secrets
import time
from typing import Protocol

from media_relay.forwarding.feedback import TransportFeedback
from media_relay.forwarding.layers import Layer
from media_relay.forwarding.limits import TokenBucket
from media_relay.forwarding.routing import Labels, Route, StreamRouter
from media_relay.forwarding.rtcp import (
    ReportBlock,
    SenderReport,
    read_rtcp,
    write_bitrate_cap,
    write_nack,
    write_picture_loss,
    write_receiver_report,
    write_source_description,
)
from media_relay.forwarding.rtp import RtpHeader, read_header
from media_relay.forwarding.source import SourceStream, unwrap_repair
from media_relay.protocol import ConnectionState, PathQuality
from media_relay.publication import Publication
from media_relay.published_section import PublishedSection
from media_relay.quality import PathMeter
from media_relay.sdp.description import (
    AUDIO_LEVEL,
    MID,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSPORT_CC,
)
from media_relay.sdp.write import SEND_TIME_ID
from media_relay.stats import Stats
from media_relay.transport.connection import Connection
from media_relay.transport.endpoint import MediaEndpoint

TARGET_BITRATE_BPS = 5_000_000  # told to the browser
MAX_BITRATE_BPS = 10_000_000  # enforced: what comes above is dropped
MAX_PACKETS_PER_S = 2_500
NEW_STREAM_INTERVAL_S = 0.5
ASK_S = 0.010  # from a gap to the request, and from one to the next


class Allowance:
    """What one publisher may send, over all its connections."""

    def __init__(self, now: float) -> None:
        self._bytes = TokenBucket(rate=MAX_BITRATE_BPS / 8, burst=MAX_BITRATE_BPS / 8, now=now)
        self._packets = TokenBucket(rate=MAX_PACKETS_PER_S, burst=MAX_PACKETS_PER_S, now=now)

    def take(self, octets: int, now: float) -> bool:
        """Whether a packet of this size is still within the limits."""
        return self._packets.take(1, now) and self._bytes.take(octets, now)


class Owner(Protocol):
    """Whom the packets belong to."""

    def connection_changed(self, state: ConnectionState) -> None: ...
    def voice_heard(self, level: int, now: float) -> None: ...
    def layers_wanted(self, publication: Publication) -> None: ...


class Intake:
    """The receiving end of a publish connection; a new connection gets a new one."""

    def __init__(
        self,
        owner: Owner,
        *,
        endpoint: MediaEndpoint,
        allowance: Allowance,
        meter: PathMeter,
        stats: Stats,
    ) -> None:
        self.connection: Connection = endpoint.add(self)
        self.sections: dict[str, PublishedSection] = {}
        self.extension_ids: dict[str, int] = {}  # by URI, as the publisher numbers them
        self._owner = owner
        self._endpoint = endpoint
        self._allowance = allowance
        self._meter = meter
        self._stats = stats
        self._ssrc = secrets.randbelow(2**32 - 2) + 1  # in the reports it sends
        self._router: StreamRouter[PublishedSection] = StreamRouter()
        self._feedback = TransportFeedback()
        self._feedback_ssrc = 0
        self._asking: asyncio.TimerHandle | None = None

    @property
    def is_connected(self) -> bool:
        return self.connection.state == "connected"

    @property
    def route_count(self) -> int:
        """How many SSRCs are known."""
        return self._router.count

    def route(self, sections: dict[str, PublishedSection]) -> None:
        """From now on packets belong to these sections, by mid."""
        self.sections = sections
        self._router.replace_sections(sections.values())

    def close(self) -> None:
        """Drop the connection."""
        if self._asking is not None:
            self._asking.cancel()
        self._endpoint.drop(self.connection)

    def ask_key_frame(self, ssrc: int) -> None:
        """PLI for the layer of this SSRC, which browsers answer in all of them."""
        self.connection.send_rtcp(write_picture_loss(self._ssrc, ssrc))

    # --- packets ---

    def on_state(self, state: ConnectionState) -> None:
        self._owner.connection_changed(state)

    def on_rtp(self, packet: bytes, now: float) -> None:
        if not self._allowance.take(len(packet), now):
            self._stats.drops["publisher_rate"] += 1
            return
        self._meter.count(len(packet))
        header = read_header(packet)
        if header is None:
            self._stats.drops["malformed_rtp"] += 1
            return
        route = self._router.known(header.ssrc) or self._learn(packet, header)
        if route is None:
            self._stats.drops["unrouted"] += 1
            return
        self._read_transport_number(packet, header, now)
        chosen = route.section.chosen
        wanted = chosen.rtx_payload_type if route.is_repair else chosen.payload_type
        if header.payload_type != wanted:
            self._stats.drops["unknown_payload_type"] += 1
        elif route.is_repair:
            self._on_repair(route, packet, header, now)
        else:
            self._on_media(route, packet, header, now)

    def on_rtcp(self, packet: bytes, now: float) -> None:
        for item in read_rtcp(packet):
            if isinstance(item, SenderReport):
                route = self._router.known(item.ssrc)
                stream = None if route is None else _layer_of(route).stream
                if stream is not None and stream.ssrc == item.ssrc:
                    stream.accept_sender_report(item, now)

    def _learn(self, packet: bytes, header: RtpHeader) -> Route[PublishedSection] | None:
        """Before anything is known of an SSRC its packets name their section and layer."""
        names = {
            extension.identifier: packet[extension.start : extension.end].decode("ascii", "replace")
            for extension in header.extensions
        }
        labels = Labels(
            *(
                names.get(self.extension_ids.get(uri, 0))
                for uri in (MID, RTP_STREAM_ID, REPAIRED_RTP_STREAM_ID)
            )
        )
        return self._router.learn(header.ssrc, payload_type=header.payload_type, labels=labels)

    def _read_transport_number(self, packet: bytes, header: RtpHeader, now: float) -> None:
        wanted = self.extension_ids.get(TRANSPORT_CC)
        if wanted is None:
            return
        for identifier, start, end in header.extensions:
            if identifier == wanted and end - start == 2:
                self._feedback_ssrc = header.ssrc
                self._feedback.arrived(packet[start] << 8 | packet[start + 1], now)

    def _on_media(
        self, route: Route[PublishedSection], packet: bytes, header: RtpHeader, now: float
    ) -> None:
        section, layer = route.section, _layer_of(route)
        stream = self._stream_of(section, layer, header, now)
        if stream is None:
            self._stats.drops["unrouted"] += 1
            return
        stored = stream.receive(packet, header, now)
        if stored is None:
            self._stats.drops["duplicate"] += 1
            return
        if section.publication.source == "microphone" and not section.publication.is_paused:
            self._read_audio_level(packet, header, now)
        section.publication.accept(layer, stored, now)
        self._ask_if_missing(stream)

    def _on_repair(
        self, route: Route[PublishedSection], packet: bytes, header: RtpHeader, now: float
    ) -> None:
        original, layer = unwrap_repair(packet, header), _layer_of(route)
        if original is None or layer.stream is None:
            return  # bandwidth probing with empty packets, or before the first media packet
        stored = layer.stream.receive(packet, original, now, is_repair=True)
        if stored is None:
            self._stats.drops["duplicate"] += 1
            return
        self._stats.packets_recovered += 1
        route.section.publication.accept(layer, stored, now)
        self._ask_if_missing(layer.stream)

    def _stream_of(
        self, section: PublishedSection, layer: Layer, header: RtpHeader, now: float
    ) -> SourceStream | None:
        """The layer's stream; another SSRC replaces it, but not many times a second."""
        stream = layer.stream
        if stream is not None and stream.ssrc == header.ssrc:
            return stream
        if now - layer.stream_since < NEW_STREAM_INTERVAL_S:
            return None
        codec = section.chosen.codec
        stream = SourceStream(
            ssrc=header.ssrc,
            codec=codec.name,
            clock_rate=codec.clock_rate,
            extension_ids=section.forwarded_ids,
            send_time_id=SEND_TIME_ID if codec.kind == "video" else None,
        )
        section.publication.replace_stream(layer, stream, now)
        return stream

    def _read_audio_level(self, packet: bytes, header: RtpHeader, now: float) -> None:
        """RFC 6464 section 3: seven bits of level below one bit of voice activity."""
        wanted = self.extension_ids.get(AUDIO_LEVEL)
        for identifier, start, end in header.extensions:
            if identifier == wanted and end > start:
                self._owner.voice_heard(packet[start] & 0x7F, now)

    # --- reports ---

    def tick(self, now: float) -> None:
        """About ten times a second: what arrived, and what viewers wait for."""
        if not self.is_connected:
            return
        for section in self.sections.values():
            if section.publication.update_demand(now):
                self._owner.layers_wanted(section.publication)
            section.publication.tick(now)
        for packet in self._feedback.write(sender_ssrc=self._ssrc, media_ssrc=self._feedback_ssrc):
            self.connection.send_rtcp(packet)

    def report(self, now: float) -> None:
        """Once a second: reception reports, empty before anything came, and the bitrate's cap."""
        if not self.is_connected:
            return
        streams = [
            (section.publication, stream)
            for section in self.sections.values()
            for stream in section.publication.layers.streams
        ]
        blocks = self._reception([stream for _, stream in streams], now)
        report = write_receiver_report(self._ssrc, blocks)
        self.connection.send_rtcp(report + write_source_description(self._ssrc, "relay"))
        videos = [stream.ssrc for publication, stream in streams if publication.is_video]
        if videos:
            cap = write_bitrate_cap(self._ssrc, TARGET_BITRATE_BPS, videos)
            self.connection.send_rtcp(cap)

    def _reception(self, streams: list[SourceStream], now: float) -> list[ReportBlock]:
        blocks = []
        for stream in streams:
            block = stream.report(now)
            if block is not None:
                self._meter.take(block, stream.clock_rate)
                blocks.append(block)
        return blocks

    def quality(self, now: float) -> PathQuality | None:
        """What came from this publisher since it was last asked; None when it is not there."""
        return self._meter.read(now) if self.is_connected else None

    def _ask_if_missing(self, stream: SourceStream) -> None:
        if stream.nack.missing_count and self._asking is None:
            self._ask_soon()

    def _ask_soon(self) -> None:
        self._asking = asyncio.get_running_loop().call_later(ASK_S, self._ask_missing)

    def _ask_missing(self) -> None:
        """What is due now; again and again while something is missing that may still come."""
        self._asking = None
        now, is_missing = time.monotonic(), False
        for section in self.sections.values():
            for stream in section.publication.layers.streams:
                missing = stream.nack.due(now)
                if missing and "nack" in section.chosen.feedback:
                    self._ask_for(stream, missing)
                is_missing |= stream.nack.missing_count > 0
        if is_missing:
            self._ask_soon()

    def _ask_for(self, stream: SourceStream, missing: list[int]) -> None:
        self._stats.nacks_out += len(missing)
        self.connection.send_rtcp(write_nack(self._ssrc, stream.ssrc, missing))


def _layer_of(route: Route[PublishedSection]) -> Layer:
    return route.section.publication.layers.layers[route.layer]
