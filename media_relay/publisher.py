"""A participant as publisher: answers its offers and keeps what it publishes."""

import secrets
from collections.abc import Mapping
from typing import Protocol

from media_relay.errors import BadSdp
from media_relay.intake import Allowance, Intake
from media_relay.protocol import ConnectionState, PathQuality, Source
from media_relay.publication import Publication
from media_relay.published_section import PublishedSection, check_offer, section_of
from media_relay.quality import PathMeter
from media_relay.room_news import RoomNews
from media_relay.sdp.codecs import Codec, choose_codec
from media_relay.sdp.description import Description, MediaSection
from media_relay.sdp.parse import parse_description
from media_relay.sdp.write import AnsweredSection, write_publish_answer
from media_relay.stats import Stats
from media_relay.transport.connection import Connection
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport_lines import transport_lines
from media_relay.voices import Voices


class Room(Protocol):
    """What a publisher tells its room."""

    @property
    def preferred_codec(self) -> Codec | None: ...
    @property
    def refused_codecs(self) -> frozenset[Codec]: ...
    def publication_started(self, publication: Publication) -> None: ...
    def publication_ended(self, publication: Publication) -> None: ...


class Publisher:
    """The sending side of one participant."""

    def __init__(
        self,
        *,
        participant: str,
        room: Room,
        news: RoomNews,
        voices: Voices,
        endpoint: MediaEndpoint,
        stats: Stats,
        now: float,
    ) -> None:
        self.publications: dict[Source, Publication] = {}
        self.paused: set[Source] = set()
        self._participant = participant
        self._room = room
        self._news = news
        self._voices = voices
        self._endpoint = endpoint
        self._stats = stats
        self.intake: Intake | None = None  # while there is a connection
        self._meter = PathMeter(now)
        self._allowance = Allowance(now)
        self._session_id = secrets.randbelow(2**62)
        self._version = 0

    @property
    def connection(self) -> Connection | None:
        """The peer connection, while there is one."""
        return None if self.intake is None else self.intake.connection

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
        check_offer(offer, sources, may_publish)
        answered = [self._answer_section(section, sources) for section in offer.media]
        if not any(entry.chosen for entry in answered):
            self.close()
            return self._write(answered, [])
        intake = self._connect(offer, now)
        intake.extension_ids = {
            uri: number for section in offer.media for uri, number in section.extensions.items()
        }
        self._publish(intake, answered, sources, now)
        transport = transport_lines(self._endpoint, intake.connection, setup="passive")
        return self._write(answered, transport)

    def end_sources(self, sources: frozenset[Source]) -> None:
        """End the publications of these sources at once; their packets are dropped."""
        for source in sources & self.publications.keys():
            self._end_publication(source)
        if self.intake is not None:
            self.intake.route(
                {
                    mid: section
                    for mid, section in self.intake.sections.items()
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
        if section.is_alive and section.kind in {"audio", "video"} and section.has_rtcp_mux:
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

    def _connect(self, offer: Description, now: float) -> Intake:
        """Keep the connection, restart its ICE, or make a new one for another browser object."""
        intake = self.intake
        if intake is not None and (
            intake.connection.state == "closed"
            # Each RTCPeerConnection has a certificate of its own.
            or intake.connection.fingerprints != offer.fingerprints
        ):
            intake = None
        if intake is None:
            self._drop_connection()
            intake = self.intake = Intake(
                self,
                endpoint=self._endpoint,
                allowance=self._allowance,
                meter=self._meter,
                stats=self._stats,
            )
            for publication in self.publications.values():
                publication.end_streams(now)
                publication.ask_publisher = intake.ask_key_frame
            self._news.state_changed(self._participant, "publish", "connecting")
        elif intake.connection.ice.remote_ufrag != offer.ice_ufrag:
            self._endpoint.restart_ice(intake.connection, offer.ice_ufrag)
        intake.connection.set_remote(ufrag=offer.ice_ufrag, fingerprints=offer.fingerprints)
        return intake

    def _publish(
        self,
        intake: Intake,
        answered: list[AnsweredSection],
        sources: Mapping[str, Source],
        now: float,
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
                publication.ask_publisher = intake.ask_key_frame
                started.append(publication)
            elif publication.layers.rids != entry.rids:
                publication.replace_layers(entry.rids, now)
            sections[mid] = section_of(entry, publication)
        intake.route(sections)
        for publication in started:
            self._room.publication_started(publication)

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

    def _drop_connection(self) -> None:
        if self.intake is not None:
            self.intake.close()
            self.intake = None
            self._meter.forget()

    # --- what its intake says ---

    def connection_changed(self, state: ConnectionState) -> None:
        if state == "closed":
            self.end_sources(frozenset(self.publications))
            self._drop_connection()
        self._news.state_changed(self._participant, "publish", state)

    def voice_heard(self, level: int, now: float) -> None:
        self._voices.hear(self._participant, level, now)

    def layers_wanted(self, publication: Publication) -> None:
        self._news.layers_wanted(publication)

    # --- clock ---

    def report(self, now: float) -> None:
        """Once a second."""
        if self.intake is not None:
            self.intake.report(now)

    def quality(self, now: float) -> PathQuality | None:
        """What came from this publisher since it was last asked; None when it is not there."""
        return None if self.intake is None else self.intake.quality(now)
