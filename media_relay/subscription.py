"""A participant's subscribe connection: offers what others publish, and forwards it.

Each media section (slot) keeps its SSRC and its numbering for life; when its track ends, the
section goes idle and waits for the next publication with the same codec.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2s
from typing import Protocol

from media_relay.errors import BadSdp, StaleGeneration
from media_relay.forwarding.forwarder import Forwarder
from media_relay.forwarding.layers import TOP
from media_relay.forwarding.rtcp import (
    BitrateEstimate,
    KeyFrameRequest,
    Nack,
    ReportBlock,
    Reports,
    read_rtcp,
    write_source_description,
)
from media_relay.protocol import ConnectionState, PathQuality, TrackInfo, ViewTile, VisibleVideo
from media_relay.publication import Publication
from media_relay.quality import PathMeter, RoundTrip
from media_relay.sdp.codecs import OPTIONAL, Codec
from media_relay.sdp.description import Description
from media_relay.sdp.parse import parse_description
from media_relay.sdp.write import OfferedSection, TransportLines, write_subscribe_offer
from media_relay.stats import Stats
from media_relay.transport.connection import Connection
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.view import View

LOOK_INTERVAL_S = 0.45  # every other time that it is called
VOICE_SLOTS = 8  # microphones that a viewer is sent; of more, the loudest and those on its stage
MAX_SLOTS = 120  # sections in one offer; publications beyond wait until a slot is free


@dataclass(eq=False)
class Slot:
    """One media section of the subscribe connection."""

    mid: str
    codec: Codec
    forwarder: Forwarder
    publication: Publication | None = None
    is_accepted: bool = False  # the viewer's answer takes the present publication
    named: Publication | None = None  # whom the last answered offer names in this section


@dataclass(frozen=True)
class Offer:
    """An offer on its way to the viewer; `carried` is what its sections promise."""

    generation: int
    sdp: str
    tracks: tuple[TrackInfo, ...]
    carried: dict[str, Publication] = field(default_factory=dict)


class Room(Protocol):
    """What a subscription tells its room."""

    def subscribe_offer_made(self, participant: str, offer: Offer) -> None: ...
    def subscribe_state_changed(self, participant: str, state: ConnectionState) -> None: ...
    def videos_paused(self, participant: str, videos: tuple[VisibleVideo, ...]) -> None: ...
    def tracks_moved(self, participant: str, tracks: tuple[TrackInfo, ...]) -> None: ...
    def codec_refused(self) -> None: ...


class Subscription:
    """The receiving side of one participant."""

    def __init__(
        self, *, participant: str, room: Room, endpoint: MediaEndpoint, stats: Stats
    ) -> None:
        self.outstanding: Offer | None = None
        self.refused: set[Codec] = set()  # what the viewer's answers left out
        self.round_trip = RoundTrip()
        self._meter = PathMeter(time.monotonic())
        self._octets_counted = 0
        self._participant = participant
        self._room = room
        self._endpoint = endpoint
        self._stats = stats
        self._connection: Connection | None = None
        self._slots: list[Slot] = []
        self._by_ssrc: dict[int, Slot] = {}
        self._waiting: list[Publication] = []  # offered with the next generation
        self._unheard: list[Publication] = []  # microphones for which there is no slot
        self._is_changed = False  # the next offer differs from the last
        self._generation = 0
        self._session_id = secrets.randbelow(2**62)
        self._view = View()
        self._looked_at = 0.0

    @property
    def paused(self) -> tuple[VisibleVideo, ...]:
        """The visible videos that the viewer's network has no room for."""
        return self._view.paused

    @property
    def connection(self) -> Connection | None:
        """The peer connection, while there is one."""
        return self._connection

    @property
    def is_wanted(self) -> bool:
        """The participant has asked for a subscribe connection."""
        return self._connection is not None

    # --- signalling ---

    def remake(self, publications: list[Publication], now: float) -> None:
        """A new connection for what is published now; the offer comes with the first track."""
        self.close()
        self._view.renew()
        self._connection = self._endpoint.add(self)
        self._room.subscribe_state_changed(self._participant, "connecting")
        # All in one offer: a joiner has everybody after one exchange.
        self._waiting.extend(publications)
        self._is_changed = bool(publications)
        self._offer_if_free(now)

    def close(self) -> None:
        """Stop forwarding and forget all sections; generations go on rising."""
        for slot in self._slots:
            self._free(slot)
        self._slots.clear()
        self._by_ssrc.clear()
        self._waiting.clear()
        self._unheard.clear()
        self.outstanding = None
        self._is_changed = False
        self._meter.forget()
        self._octets_counted = 0
        if self._connection is not None:
            self._endpoint.drop(self._connection)
            self._connection = None

    def start(self, publication: Publication, now: float) -> None:
        """Offer a publication as soon as no other offer is outstanding."""
        if self._connection is None:
            return
        self._waiting.append(publication)
        self._is_changed = True
        self._offer_if_free(now)

    def end(self, publication: Publication, now: float) -> None:
        """The publication is over: its section goes idle."""
        for kept in (self._waiting, self._unheard):
            if publication in kept:
                kept.remove(publication)
        for slot in self._slots:
            if slot.publication is publication:
                self._free(slot)
                self._is_changed = True
                self._waiting += self._unheard
                self._unheard.clear()
        self._offer_if_free(now)

    def answer(self, generation: int, sdp: str, now: float) -> None:
        """The viewer's answer to the outstanding offer."""
        offer, connection = self.outstanding, self._connection
        if offer is None or connection is None or offer.generation != generation:
            raise StaleGeneration("There is no outstanding offer of this generation.")
        answer = parse_description(sdp)
        _check_answer(answer, connection)
        connection.set_remote(ufrag=answer.ice_ufrag, fingerprints=answer.fingerprints)
        self.outstanding = None
        refused_before = len(self.refused)
        for slot in self._slots:
            self._apply(slot, answer, offer, now)
        if len(self.refused) > refused_before:
            self._room.codec_refused()
        self._share(now)
        self._offer_if_free(now)

    def _apply(self, slot: Slot, answer: Description, offer: Offer, now: float) -> None:
        publication, section = slot.publication, answer.section(slot.mid)
        if publication is None or offer.carried.get(slot.mid) is not publication:
            return  # changed since the offer: the next one says so
        was_accepted = slot.is_accepted
        taken = {entry.payload_type for entry in section.formats} if section is not None else set()
        slot.named = publication
        slot.is_accepted = (
            section is not None and section.is_receiving and slot.codec.payload_type in taken
        )
        slot.forwarder.uses_rtx = slot.codec.rtx_payload_type in taken
        if slot.codec in OPTIONAL and section is not None and slot.codec.payload_type not in taken:
            self.refused.add(slot.codec)
        if slot.is_accepted and not was_accepted and self._is_connected:
            self._begin(slot, publication, now)

    def _begin(self, slot: Slot, publication: Publication, now: float) -> None:
        wanted = self._view.layer_for(publication) if publication.is_video else TOP
        publication.add(slot.forwarder, now, wanted=wanted)

    def _offer_if_free(self, now: float) -> None:
        """One offer outstanding at a time; what changes meanwhile is in the next one."""
        if self._connection is None or self.outstanding is not None or not self._is_changed:
            return
        for publication in list(self._waiting):
            if publication.source == "microphone" and len(self._voices) >= VOICE_SLOTS:
                self._unheard.append(publication)
                self._waiting.remove(publication)
            elif self._place(publication, now):
                self._waiting.remove(publication)
        self._is_changed = False
        if not self._slots:
            return
        self._generation += 1
        self.outstanding = self._write_offer(self._connection)
        self._room.subscribe_offer_made(self._participant, self.outstanding)

    def _place(self, publication: Publication, now: float) -> bool:
        slot = next(
            (
                slot
                for slot in self._slots
                if slot.publication is None and slot.codec is publication.codec
            ),
            None,
        )
        if slot is None:
            if len(self._slots) >= MAX_SLOTS:
                self._stats.drops["viewer_slots_full"] += 1
                return False
            slot = self._new_slot(publication.codec, now)
        slot.publication = publication
        return True

    def _new_slot(self, codec: Codec, now: float) -> Slot:
        connection = self._connection
        assert connection is not None  # noqa: S101 - only called while there is one
        forwarder = Forwarder(
            send=connection.send_rtp,
            find_outlet=lambda: connection.outlet,
            payload_type=codec.payload_type,
            rtx_payload_type=codec.rtx_payload_type,
            clock_rate=codec.clock_rate,
            now=now,
        )
        slot = Slot(mid=str(len(self._slots)), codec=codec, forwarder=forwarder)
        self._slots.append(slot)
        self._by_ssrc[forwarder.ssrc] = slot
        return slot

    def _free(self, slot: Slot) -> None:
        if slot.publication is not None:
            slot.publication.remove(slot.forwarder)
            slot.forwarder.start_over()
        slot.publication, slot.is_accepted = None, False

    def _write_offer(self, connection: Connection) -> Offer:
        credentials = connection.ice.local
        sdp = write_subscribe_offer(
            [_section_of(slot) for slot in self._slots],
            TransportLines(
                ufrag=credentials.ufrag,
                password=credentials.password,
                fingerprint=self._endpoint.fingerprint(connection),
                setup="actpass",
                candidates=self._endpoint.candidates,
                tcp_candidates=self._endpoint.tcp_candidates,
            ).lines(),
            session_id=self._session_id,
            version=self._generation,
        )
        carried = {
            slot.mid: slot.publication for slot in self._slots if slot.publication is not None
        }
        return Offer(generation=self._generation, sdp=sdp, tracks=self._tracks(), carried=carried)

    def _tracks(self) -> tuple[TrackInfo, ...]:
        return tuple(
            TrackInfo(
                mid=slot.mid,
                publication=slot.publication.id,
                participant=slot.publication.participant,
                source=slot.publication.source,
            )
            for slot in self._slots
            if slot.publication is not None
        )

    # --- packets ---

    @property
    def _is_connected(self) -> bool:
        return self._connection is not None and self._connection.state == "connected"

    def on_state(self, state: ConnectionState) -> None:
        now = time.monotonic()
        if state == "connected":
            for slot in self._slots:
                if slot.publication is not None and slot.is_accepted:
                    self._begin(slot, slot.publication, now)
            self._share(now)
        elif state == "disconnected":
            for slot in self._slots:
                if slot.publication is not None:
                    slot.publication.remove(slot.forwarder)
        elif state == "closed":
            self.close()
        self._room.subscribe_state_changed(self._participant, state)

    def on_rtp(self, packet: bytes, now: float) -> None:
        self._stats.drops["from_viewer"] += 1  # nobody listens here

    def on_rtcp(self, packet: bytes, now: float) -> None:
        for item in read_rtcp(packet):
            if isinstance(item, BitrateEstimate):
                self._view.estimate.accept_bitrate(item.bitrate_bps)
            elif isinstance(item, Reports):
                known = [block for block in item.blocks if block.ssrc in self._by_ssrc]
                self._view.estimate.accept_reports(known)
                for block in known:
                    self._take_report(block, now)
            elif isinstance(item, Nack | KeyFrameRequest):
                slot = self._by_ssrc.get(item.media_ssrc)
                if slot is not None and slot.publication is not None:
                    self._repair(slot.forwarder, slot.publication, item, now)

    def _take_report(self, block: ReportBlock, now: float) -> None:
        self._meter.take(block, self._by_ssrc[block.ssrc].codec.clock_rate)
        round_trip_s = self.round_trip.returned(block, now)
        if round_trip_s is not None:
            self._view.estimate.accept_round_trip(round_trip_s)

    def quality(self, now: float) -> PathQuality | None:
        """What went to this viewer since it was last asked; None while nothing is watched."""
        if not self._is_connected:
            return None
        for slot in self._slots:
            slot.forwarder.catch_up()
        octets = sum(slot.forwarder.octet_count for slot in self._slots)
        self._meter.count(octets - self._octets_counted)
        self._octets_counted = octets
        return self._meter.read(now)

    def _repair(
        self,
        forwarder: Forwarder,
        publication: Publication,
        item: Nack | KeyFrameRequest,
        now: float,
    ) -> None:
        if isinstance(item, KeyFrameRequest):
            publication.want_key_frame(now)
        elif not publication.is_paused:
            self._stats.nacks_in += len(item.sequences)
            self._stats.packets_resent += forwarder.resend(item.sequences, now)

    def refresh(self, now: float) -> None:
        """Four times a second: whoever was switched learns the new timeline soon."""
        for slot in self._slots:
            if slot.forwarder.is_report_due:
                self._report(slot, now)
        if now - self._looked_at >= LOOK_INTERVAL_S:
            self._looked_at = now
            if self._is_connected and self._view.refresh(self._slots, now):
                self._room.videos_paused(self._participant, self._view.paused)

    @property
    def _voices(self) -> list[Slot]:
        return [
            slot
            for slot in self._slots
            if slot.publication is not None and slot.publication.source == "microphone"
        ]

    def hear(self, heard: frozenset[str], now: float) -> None:
        """Of more microphones than there are slots: these come in, without a new offer."""
        wanted = heard | self._view.on_stage
        coming = [entry for entry in self._unheard if entry.participant in wanted]
        going = [
            slot
            for slot in self._voices
            if slot.publication is not None and slot.publication.participant not in wanted
        ]
        for publication, slot in zip(coming, going, strict=False):
            self._replace_voice(slot, publication, now)
        if coming and going:
            self._room.tracks_moved(self._participant, self._tracks())

    def _replace_voice(self, slot: Slot, publication: Publication, now: float) -> None:
        was_accepted = slot.is_accepted
        if slot.publication is not None:
            self._unheard.append(slot.publication)
        self._unheard.remove(publication)
        self._free(slot)
        slot.publication, slot.is_accepted = publication, was_accepted
        if was_accepted and self._is_connected:
            self._begin(slot, publication, now)

    def set_view(
        self, tiles: Sequence[ViewTile], publications: Sequence[Publication], now: float
    ) -> None:
        """What the viewer sees now, of all that is published."""
        self._view.set_tiles(tiles, publications)
        self._share(now)

    def _share(self, now: float) -> None:
        """Which layer of each video the viewer gets; nothing while nobody listens."""
        if self._is_connected and self._view.share(self._slots, now):
            self._room.videos_paused(self._participant, self._view.paused)

    def report(self, now: float) -> None:
        """Once a second: sender reports on what is forwarded."""
        for slot in self._slots:
            self._report(slot, now)

    def _report(self, slot: Slot, now: float) -> None:
        connection = self._connection
        if connection is None or slot.publication is None or not self._is_connected:
            return
        if slot.publication is not slot.named:
            # The browser keeps this sound in step with the person of the last offer, whose clock is
            # another one: better no clock than a wrong one.
            return
        report = slot.forwarder.sender_report(now)
        if report is not None:
            self.round_trip.sent(report, now)
            cname = cname_of(slot.publication)
            connection.send_rtcp(report + write_source_description(slot.forwarder.ssrc, cname))


def cname_of(publication: Publication) -> str:
    """One name for the sound and picture that belong together, and opaque."""
    group = "screen" if publication.source.startswith("screen") else "person"
    digest = blake2s(publication.participant.encode(), digest_size=8).hexdigest()
    return f"{group}-{digest}"


def _section_of(slot: Slot) -> OfferedSection:
    publication = slot.publication
    name = "idle" if publication is None else cname_of(publication)
    return OfferedSection(
        mid=slot.mid,
        codec=slot.codec,
        is_active=publication is not None,
        stream_id=name,
        track_id="idle" if publication is None else publication.id,
        cname=name,
        ssrc=slot.forwarder.ssrc,
        rtx_ssrc=slot.forwarder.rtx_ssrc,
    )


def _check_answer(answer: Description, connection: Connection) -> None:
    if not answer.ice_ufrag or not answer.fingerprints:
        raise BadSdp("The answer lacks ICE credentials or a fingerprint.")
    if answer.setup != "active":
        raise BadSdp("The relay is the DTLS server: the answer must be active.")
    if connection.fingerprints not in {(), answer.fingerprints}:
        raise BadSdp("The fingerprint changed: ask for a new subscribe connection.")
