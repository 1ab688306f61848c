"""A participant as viewer: is offered what others publish, one offer at a time."""

import secrets
import time
from collections.abc import Sequence
from typing import Protocol

from media_relay.delivery import Delivery
from media_relay.errors import BadSdp, StaleGeneration
from media_relay.protocol import ConnectionState, PathQuality, ViewTile, VisibleVideo
from media_relay.publication import Publication
from media_relay.quality import PathMeter, RoundTrip
from media_relay.room_news import RoomNews
from media_relay.sdp.codecs import OPTIONAL, Codec
from media_relay.sdp.description import Description
from media_relay.sdp.parse import parse_description
from media_relay.sdp.write import write_subscribe_offer
from media_relay.slots import Offer, Slot
from media_relay.stats import Stats
from media_relay.transport.connection import Connection
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport_lines import transport_lines
from media_relay.view import View
from media_relay.voices import VOICE_SLOTS


class Room(Protocol):
    """What a subscription tells its room."""

    def codec_refused(self) -> None: ...


class Subscription:
    """The receiving side of one participant."""

    def __init__(
        self,
        *,
        participant: str,
        room: Room,
        news: RoomNews,
        endpoint: MediaEndpoint,
        stats: Stats,
    ) -> None:
        self.outstanding: Offer | None = None
        self.refused: set[Codec] = set()  # what the viewer's answers left out
        self.round_trip = RoundTrip()
        self._meter = PathMeter(time.monotonic())
        self._participant = participant
        self._room = room
        self._news = news
        self._endpoint = endpoint
        self._stats = stats
        self._delivery: Delivery | None = None  # while there is a connection
        self._waiting: list[Publication] = []  # offered with the next generation
        self._unheard: list[Publication] = []  # microphones for which there is no slot
        self._is_changed = False  # the next offer differs from the last
        self._generation = 0
        self._session_id = secrets.randbelow(2**62)
        self._view = View()

    @property
    def paused(self) -> tuple[VisibleVideo, ...]:
        """The visible videos that the viewer's network has no room for."""
        return self._view.paused

    @property
    def connection(self) -> Connection | None:
        """The peer connection, while there is one."""
        return None if self._delivery is None else self._delivery.connection

    @property
    def is_wanted(self) -> bool:
        """The participant has asked for a subscribe connection."""
        return self._delivery is not None

    # --- signalling ---

    def remake(self, publications: list[Publication], now: float) -> None:
        """A new connection for what is published now; the offer comes with the first track."""
        self.close()
        self._view.renew()
        self._delivery = Delivery(
            self,
            endpoint=self._endpoint,
            view=self._view,
            meter=self._meter,
            round_trip=self.round_trip,
            stats=self._stats,
        )
        self._news.state_changed(self._participant, "subscribe", "connecting")
        # All in one offer: a joiner has everybody after one exchange.
        self._waiting.extend(publications)
        self._is_changed = bool(publications)
        self._offer_if_free(now)

    def close(self) -> None:
        """Stop forwarding and forget all sections; generations go on rising."""
        self._waiting.clear()
        self._unheard.clear()
        self.outstanding = None
        self._is_changed = False
        if self._delivery is not None:
            self._delivery.close()
            self._delivery = None

    def start(self, publication: Publication, now: float) -> None:
        """Offer a publication as soon as no other offer is outstanding."""
        if self._delivery is None:
            return
        self._waiting.append(publication)
        self._is_changed = True
        self._offer_if_free(now)

    def end(self, publication: Publication, now: float) -> None:
        """The publication is over: its section goes idle."""
        if self._delivery is None:
            return
        for kept in (self._waiting, self._unheard):
            if publication in kept:
                kept.remove(publication)
        if self._delivery.end(publication, now):
            self._is_changed = True
            self._waiting += self._unheard
            self._unheard.clear()
        self._offer_if_free(now)

    def answer(self, generation: int, sdp: str, now: float) -> None:
        """The viewer's answer to the outstanding offer."""
        offer, delivery = self.outstanding, self._delivery
        if offer is None or delivery is None or offer.generation != generation:
            raise StaleGeneration("There is no outstanding offer of this generation.")
        answer = parse_description(sdp)
        _check_answer(answer, delivery.connection)
        delivery.connection.set_remote(ufrag=answer.ice_ufrag, fingerprints=answer.fingerprints)
        self.outstanding = None
        refused_before = len(self.refused)
        for slot in delivery.slots.all:
            self._apply(delivery, slot, answer, offer, now)
        if len(self.refused) > refused_before:
            self._room.codec_refused()
        delivery.share(now)
        self._offer_if_free(now)

    def _apply(
        self, delivery: Delivery, slot: Slot, answer: Description, offer: Offer, now: float
    ) -> None:
        publication = slot.publication
        if publication is None or offer.carried.get(slot.mid) is not publication:
            return  # changed since the offer: the next one says so
        was_accepted = slot.is_accepted
        takes_codec = slot.take(answer.section(slot.mid))
        if slot.codec in OPTIONAL and not takes_codec:
            self.refused.add(slot.codec)
        if slot.is_accepted and not was_accepted:
            delivery.begin(slot, publication, now)

    def _offer_if_free(self, now: float) -> None:
        """One offer outstanding at a time; what changes meanwhile is in the next one."""
        delivery = self._delivery
        if delivery is None or self.outstanding is not None or not self._is_changed:
            return
        for publication in list(self._waiting):
            is_voice = publication.source == "microphone"
            if is_voice and len(delivery.slots.voices) >= VOICE_SLOTS:
                self._unheard.append(publication)
                self._waiting.remove(publication)
            elif delivery.slots.place(publication, now):
                self._waiting.remove(publication)
        self._is_changed = False
        if not delivery.slots.all:
            return
        self._generation += 1
        self.outstanding = self._write_offer(delivery)
        self._news.subscribe_offer_made(self._participant, self.outstanding)

    def _write_offer(self, delivery: Delivery) -> Offer:
        slots = delivery.slots
        sdp = write_subscribe_offer(
            slots.sections(),
            transport_lines(self._endpoint, delivery.connection, setup="actpass"),
            session_id=self._session_id,
            version=self._generation,
        )
        return Offer(
            generation=self._generation, sdp=sdp, tracks=slots.tracks, carried=slots.carried
        )

    # --- what is seen and heard ---

    def set_view(
        self, tiles: Sequence[ViewTile], publications: Sequence[Publication], now: float
    ) -> None:
        """What the viewer sees now, of all that is published."""
        self._view.set_tiles(tiles, publications)
        if self._delivery is not None:
            self._delivery.share(now)

    def hear(self, heard: frozenset[str], now: float) -> None:
        """Of more microphones than there are slots: these come in, without a new offer."""
        if self._delivery is None:
            return
        wanted = heard | self._view.on_stage
        coming = [entry for entry in self._unheard if entry.participant in wanted]
        going = [
            slot
            for slot in self._delivery.slots.voices
            if slot.publication is not None and slot.publication.participant not in wanted
        ]
        for publication, slot in zip(coming, going, strict=False):
            self._replace_voice(self._delivery, slot, publication, now)
        if coming and going:
            self._news.tracks_moved(self._participant, self._delivery.slots.tracks)

    def _replace_voice(
        self, delivery: Delivery, slot: Slot, publication: Publication, now: float
    ) -> None:
        was_accepted = slot.is_accepted
        if slot.publication is not None:
            self._unheard.append(slot.publication)
        self._unheard.remove(publication)
        slot.free()
        slot.publication, slot.is_accepted = publication, was_accepted
        if was_accepted:
            delivery.begin(slot, publication, now)

    # --- what its delivery says ---

    def connection_changed(self, state: ConnectionState) -> None:
        if state == "closed":
            self.close()
        self._news.state_changed(self._participant, "subscribe", state)

    def videos_paused(self) -> None:
        self._news.videos_paused(self._participant, self._view.paused)

    # --- clock ---

    def refresh(self, now: float) -> None:
        """Four times a second."""
        if self._delivery is not None:
            self._delivery.refresh(now)

    def report(self, now: float) -> None:
        """Once a second."""
        if self._delivery is not None:
            self._delivery.report(now)

    def quality(self, now: float) -> PathQuality | None:
        """What went to this viewer since it was last asked; None when it is not there."""
        return None if self._delivery is None else self._delivery.quality(now)


def _check_answer(answer: Description, connection: Connection) -> None:
    if not answer.ice_ufrag or not answer.fingerprints:
        raise BadSdp("The answer lacks ICE credentials or a fingerprint.")
    if answer.setup != "active":
        raise BadSdp("The relay is the DTLS server: the answer must be active.")
    if connection.fingerprints not in {(), answer.fingerprints}:
        raise BadSdp("The fingerprint changed: ask for a new subscribe connection.")
