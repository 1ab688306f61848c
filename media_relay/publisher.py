"""A participant's publish connection: answers its offers, takes its packets, reports back."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from media_relay.errors import BadSdp, NotPermitted
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
from media_relay.protocol import ConnectionState, PathQuality, Source
from media_relay.publication import Publication
from media_relay.quality import PathMeter
from media_relay.sdp.codecs import ChosenCodec, Codec, choose_codec
from media_relay.sdp.description import (
    AUDIO_LEVEL,
    MID,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSPORT_CC,
    Description,
    MediaSection,
)
from media_relay.sdp.parse import parse_description
from media_relay.sdp.write import (
    FORWARDED_EXTENSIONS,
    SEND_TIME_ID,
    AnsweredSection,
    TransportLines,
    write_publish_answer,
)
from media_relay.stats import Stats
from media_relay.transport.connection import Connection
from media_relay.transport.endpoint import MediaEndpoint

KIND_OF: Mapping[Source, str] = {
    "microphone": "audio",
    "camera": "video",
    "screen": "video",
    "screen_audio": "audio",
}
TARGET_BITRATE_BPS = 5_000_000  # told to the browser
MAX_BITRATE_BPS = 10_000_000  # enforced: what comes above is dropped
MAX_PACKETS_PER_S = 2_500
NEW_STREAM_INTERVAL_S = 0.5
ASK_S = 0.010  # from a gap to the request, and from one to the next


@dataclass(eq=False)
class PublishedSection:
    """A media section that carries a publication."""

    mid: str
    publication: Publication
    chosen: ChosenCodec
    rids: tuple[str, ...]
    ssrcs: tuple[int, ...]
    forwarded_ids: dict[int, int]  # extension ids: the publisher's -> the viewers'

    @property
    def media_payload_type(self) -> int:
        return self.chosen.payload_type

    @property
    def rtx_payload_type(self) -> int | None:
        return self.chosen.rtx_payload_type


class Room(Protocol):
    """What a publisher tells its room."""

    @property
    def preferred_codec(self) -> Codec | None: ...
    @property
    def refused_codecs(self) -> frozenset[Codec]: ...
    def publication_started(self, publication: Publication) -> None: ...
    def publication_ended(self, publication: Publication) -> None: ...
    def publish_state_changed(self, participant: str, state: ConnectionState) -> None: ...
    def voice_heard(self, participant: str, level: int, now: float) -> None: ...
    def layers_wanted(self, publication: Publication) -> None: ...


class Publisher:
    """The sending side of one participant."""

    def __init__(
        self, *, participant: str, room: Room, endpoint: MediaEndpoint, stats: Stats, now: float
    ) -> None:
        self.publications: dict[Source, Publication] = {}
        self.paused: set[Source] = set()
        self._participant = participant
        self._room = room
        self._endpoint = endpoint
        self._stats = stats
        self._connection: Connection | None = None
        self._meter = PathMeter(now)
        self._ssrc = secrets.randbelow(2**32 - 2) + 1  # in the reports it sends
        self._session_id = secrets.randbelow(2**62)
        self._version = 0
        self._sections: dict[str, PublishedSection] = {}
        self._router: StreamRouter[PublishedSection] = StreamRouter()
        self._extension_ids: dict[str, int] = {}
        self._feedback = TransportFeedback()
        self._feedback_ssrc = 0
        self._asking: asyncio.TimerHandle | None = None
        self._bytes = TokenBucket(rate=MAX_BITRATE_BPS / 8, burst=MAX_BITRATE_BPS / 8, now=now)
        self._packets = TokenBucket(rate=MAX_PACKETS_PER_S, burst=MAX_PACKETS_PER_S, now=now)

    @property
    def connection(self) -> Connection | None:
        """The peer connection, while there is one."""
        return self._connection

    # --- signalling ---

    def answer(
        self,
        sdp: str,
        sources: Mapping[str, Source],
        may_publish: frozenset[Source],
        now: float,
    ) -> str:
        """The answer to an offer. Refused as a whole, or done as a whole."""
        offer = parse_description(sdp)
        _check_offer(offer, sources, may_publish)
        answered = [self._answer_section(section, sources) for section in offer.media]
        if not any(entry.chosen for entry in answered):
            self.close()
            return self._write(answered, [])
        connection = self._connect(offer, now)
        self._extension_ids = {
            uri: number for section in offer.media for uri, number in section.extensions.items()
        }
        self._publish(answered, sources, now)
        return self._write(answered, self._transport_lines(connection))

    def end_sources(self, sources: frozenset[Source]) -> None:
        """End the publications of these sources at once; their packets are dropped."""
        for source in sources & self.publications.keys():
            self._end_publication(source)
        self._route(
            {
                mid: section
                for mid, section in self._sections.items()
                if section.publication.source not in sources
            }
        )

    def pause(self, source: Source, is_paused: bool, now: float) -> None:
        """Remembered for the source, published or not yet."""
        if is_paused:
            self.paused.add(source)
        else:
            self.paused.discard(source)
        if source in self.publications:
            self.publications[source].pause(is_paused, now)

    def close(self) -> None:
        """End everything, quietly towards the own participant."""
        self.end_sources(frozenset(self.publications))
        self._drop_connection()

    def _answer_section(
        self, section: MediaSection, sources: Mapping[str, Source]
    ) -> AnsweredSection:
        chosen = None
        if section.port != 0 and section.kind in {"audio", "video"} and section.has_rtcp_mux:
            wanted = self._codec_for(sources.get(section.mid))
            chosen = choose_codec(section, wanted, self._room.refused_codecs)
        is_accepted = section.mid in sources
        if is_accepted and chosen is None:
            raise BadSdp(f"Section {section.mid} offers no codec that the relay forwards.")
        rids = section.rids if is_accepted and section.kind == "video" else ()
        return AnsweredSection(offered=section, chosen=chosen, is_accepted=is_accepted, rids=rids)

    def _codec_for(self, source: Source | None) -> Codec | None:
        """A living publication keeps its codec while all receive it; a new one takes the room's."""
        existing = self.publications.get(source) if source is not None else None
        if existing is None or existing.codec in self._room.refused_codecs:
            return self._room.preferred_codec
        return existing.codec

    def _connect(self, offer: Description, now: float) -> Connection:
        """Keep the connection, restart its ICE, or make a new one for another browser object."""
        connection = self._connection
        if connection is None or connection.state == "closed":
            connection = None
        elif connection.fingerprints != offer.fingerprints:
            connection = None  # each RTCPeerConnection has a certificate of its own
        if connection is None:
            self._drop_connection()
            self._connection = self._endpoint.add(self)
            self._sections = {}
            self._router = StreamRouter()
            self._feedback = TransportFeedback()
            for publication in self.publications.values():
                publication.end_streams(now)
            self._room.publish_state_changed(self._participant, "connecting")
            connection = self._connection
        elif connection.ice.remote_ufrag != offer.ice_ufrag:
            self._endpoint.restart_ice(connection, offer.ice_ufrag)
        connection.set_remote(ufrag=offer.ice_ufrag, fingerprints=offer.fingerprints)
        return connection

    def _publish(
        self, answered: list[AnsweredSection], sources: Mapping[str, Source], now: float
    ) -> None:
        """Make the publications and the routing agree with the offer."""
        self.end_sources(frozenset(self.publications) - frozenset(sources.values()))
        sections: dict[str, PublishedSection] = {}
        started: list[Publication] = []
        for entry in answered:
            if not entry.is_accepted or entry.chosen is None:
                continue
            mid = entry.offered.mid
            publication = self.publications.get(sources[mid])
            if publication is not None and publication.codec is not entry.chosen.codec:
                self._end_publication(sources[mid])
                publication = None
            if publication is None:
                publication = self._new_publication(sources[mid], entry, now)
                started.append(publication)
            elif publication.layers.rids != entry.rids:
                publication.replace_layers(entry.rids, now)
            sections[mid] = _section(entry, publication)
        self._route(sections)
        for publication in started:
            self._room.publication_started(publication)

    def _route(self, sections: dict[str, PublishedSection]) -> None:
        self._sections = sections
        self._router.replace_sections(sections.values())

    def _new_publication(self, source: Source, entry: AnsweredSection, now: float) -> Publication:
        assert entry.chosen is not None  # noqa: S101 - nothing is published without a codec
        publication = Publication(
            participant=self._participant,
            source=source,
            codec=entry.chosen.codec,
            rids=entry.rids,
            stats=self._stats,
        )
        publication.pause(source in self.paused, now)
        publication.ask_publisher = self._ask_key_frame
        self.publications[source] = publication
        return publication

    def _end_publication(self, source: Source) -> None:
        publication = self.publications.pop(source)
        publication.ask_publisher = None
        self._room.publication_ended(publication)

    def _write(self, answered: list[AnsweredSection], transport: list[str]) -> str:
        self._version += 1
        return write_publish_answer(
            answered, transport, session_id=self._session_id, version=self._version
        )

    def _transport_lines(self, connection: Connection) -> list[str]:
        return TransportLines(
            ufrag=connection.ice.local.ufrag,
            password=connection.ice.local.password,
            fingerprint=self._endpoint.fingerprint(connection),
            setup="passive",
            candidates=self._endpoint.candidates,
            tcp_candidates=self._endpoint.tcp_candidates,
        ).lines()

    def _drop_connection(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if self._connection is not None:
            self._endpoint.drop(self._connection)
            self._connection = None
            self._meter.forget()

    @property
    def route_count(self) -> int:
        """How many SSRCs are known."""
        return self._router.count

    # --- packets ---

    def on_state(self, state: ConnectionState) -> None:
        if state == "closed":
            self.end_sources(frozenset(self.publications))
            self._drop_connection()
        self._room.publish_state_changed(self._participant, state)

    def on_rtp(self, packet: bytes, now: float) -> None:
        if not (self._packets.take(1, now) and self._bytes.take(len(packet), now)):
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
                names.get(self._extension_ids.get(uri, 0))
                for uri in (MID, RTP_STREAM_ID, REPAIRED_RTP_STREAM_ID)
            )
        )
        return self._router.learn(header.ssrc, payload_type=header.payload_type, labels=labels)

    def _read_transport_number(self, packet: bytes, header: RtpHeader, now: float) -> None:
        wanted = self._extension_ids.get(TRANSPORT_CC)
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
        if stream.nack.missing_count and self._asking is None:
            self._ask_soon()

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
        wanted = self._extension_ids.get(AUDIO_LEVEL)
        for identifier, start, _ in header.extensions:
            if identifier == wanted:
                self._room.voice_heard(self._participant, packet[start] & 0x7F, now)

    # --- reports ---

    def tick(self, now: float) -> None:
        """About thirteen times a second: what arrived, and what viewers wait for."""
        if self._connection is None or self._connection.state != "connected":
            return
        for section in self._sections.values():
            if section.publication.update_demand(now):
                self._room.layers_wanted(section.publication)
            section.publication.tick(now)
        for packet in self._feedback.write(sender_ssrc=self._ssrc, media_ssrc=self._feedback_ssrc):
            self._connection.send_rtcp(packet)

    def report(self, now: float) -> None:
        """Once a second: reception reports, and the cap on the bitrate."""
        if self._connection is None or self._connection.state != "connected":
            return
        streams = [
            (section.publication, stream)
            for section in self._sections.values()
            for stream in section.publication.layers.streams
        ]
        blocks = self._reception([stream for _, stream in streams], now)
        if not blocks:
            return
        report = write_receiver_report(self._ssrc, blocks)
        self._connection.send_rtcp(report + write_source_description(self._ssrc, "relay"))
        videos = [stream.ssrc for publication, stream in streams if publication.is_video]
        if videos:
            cap = write_bitrate_cap(self._ssrc, TARGET_BITRATE_BPS, videos)
            self._connection.send_rtcp(cap)

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
        if self._connection is None or self._connection.state != "connected":
            return None
        return self._meter.read(now)

    def _ask_soon(self) -> None:
        self._asking = asyncio.get_running_loop().call_later(ASK_S, self._ask_missing)

    def _ask_missing(self) -> None:
        """What is due now; again and again while something is missing that may still come."""
        self._asking = None
        now, is_missing = time.monotonic(), False
        for section in self._sections.values():
            for stream in section.publication.layers.streams:
                missing = stream.nack.due(now)
                if missing and "nack" in section.chosen.feedback:
                    self._ask_for(stream, missing)
                is_missing |= stream.nack.missing_count > 0
        if is_missing:
            self._ask_soon()

    def _ask_for(self, stream: SourceStream, missing: list[int]) -> None:
        if self._connection is not None:
            self._stats.nacks_out += len(missing)
            self._connection.send_rtcp(write_nack(self._ssrc, stream.ssrc, missing))

    def _ask_key_frame(self, ssrc: int) -> None:
        if self._connection is not None:
            self._connection.send_rtcp(write_picture_loss(self._ssrc, ssrc))


def _layer_of(route: Route[PublishedSection]) -> Layer:
    return route.section.publication.layers.layers[route.layer]


def _section(entry: AnsweredSection, publication: Publication) -> PublishedSection:
    assert entry.chosen is not None  # noqa: S101 - nothing is published without a codec
    offered = entry.offered
    return PublishedSection(
        mid=offered.mid,
        publication=publication,
        chosen=entry.chosen,
        rids=entry.rids,
        ssrcs=(*offered.ssrcs, *offered.rtx_of.values()),
        forwarded_ids={
            number: FORWARDED_EXTENSIONS[uri]
            for uri, number in offered.extensions.items()
            if uri in FORWARDED_EXTENSIONS
        },
    )


def _check_offer(
    offer: Description, sources: Mapping[str, Source], may_publish: frozenset[Source]
) -> None:
    if any(section.port != 0 for section in offer.media):
        if not offer.ice_ufrag or not offer.fingerprints:
            raise BadSdp("The offer lacks ICE credentials or a fingerprint.")
        if offer.setup not in {"actpass", "active"}:
            raise BadSdp("The relay is the DTLS server: offer actpass or active.")
    if len(set(sources.values())) != len(sources):
        raise BadSdp("A source is named twice.")
    for mid, source in sources.items():
        section = offer.section(mid)
        if section is None or not section.is_sending:
            raise BadSdp(f"Section {mid} of the offer does not send anything.")
        if section.kind != KIND_OF[source]:
            raise BadSdp(f"Section {mid} is {section.kind}, which {source} is not.")
        if source not in may_publish:
            raise NotPermitted(f"This participant may not publish {source}.")
