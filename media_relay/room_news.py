"""What a room says through the event bus: each piece of news once, to whom it concerns."""

from collections.abc import Mapping

from media_relay.events import EventBus
from media_relay.protocol import (
    ActiveSpeaker,
    ConnectionKind,
    ConnectionState,
    ConnectionStateChanged,
    LayersWanted,
    OfferWanted,
    ParticipantQuality,
    PublicationEnded,
    PublicationStarted,
    RoomQuality,
    SubscribeOffer,
    TalkTimes,
    TrackInfo,
    TracksMoved,
    VideosPaused,
    VisibleVideo,
)
from media_relay.publication import Publication
from media_relay.slots import Offer


class RoomNews:
    """The voice of one room."""

    def __init__(self, room: str, bus: EventBus) -> None:
        self._room = room
        self._bus = bus

    # --- to the whole room ---

    def publication_started(self, publication: Publication) -> None:
        event = PublicationStarted(
            seq=0,
            room=self._room,
            publication=publication.id,
            participant=publication.participant,
            source=publication.source,
        )
        self._bus.to_room(self._room, event)

    def publication_ended(self, publication: Publication) -> None:
        event = PublicationEnded(
            seq=0,
            room=self._room,
            publication=publication.id,
            participant=publication.participant,
            source=publication.source,
        )
        self._bus.to_room(self._room, event)

    def speaker_changed(self, participant: str | None) -> None:
        self._bus.to_room(
            self._room, ActiveSpeaker(seq=0, room=self._room, participant=participant)
        )

    def talk_counted(self, tally: str, seconds: Mapping[str, float]) -> None:
        event = TalkTimes(seq=0, room=self._room, tally=tally, seconds=dict(seconds))
        self._bus.to_room(self._room, event)

    def quality_measured(self, participants: tuple[ParticipantQuality, ...]) -> None:
        event = RoomQuality(seq=0, room=self._room, participants=participants)
        self._bus.to_room(self._room, event)

    # --- to one participant ---

    def state_changed(
        self, participant: str, connection: ConnectionKind, state: ConnectionState
    ) -> None:
        event = ConnectionStateChanged(
            seq=0, room=self._room, participant=participant, connection=connection, state=state
        )
        self._bus.to_participant(self._room, participant, event)

    def layers_wanted(self, publication: Publication) -> None:
        event = LayersWanted(
            seq=0,
            room=self._room,
            participant=publication.participant,
            source=publication.source,
            layers=tuple(sorted(publication.demand.told)),
        )
        self._bus.to_participant(self._room, publication.participant, event)

    def offer_wanted(self, participant: str) -> None:
        event = OfferWanted(seq=0, room=self._room, participant=participant)
        self._bus.to_participant(self._room, participant, event)

    def subscribe_offer_made(self, participant: str, offer: Offer) -> None:
        event = SubscribeOffer(
            seq=0,
            room=self._room,
            participant=participant,
            generation=offer.generation,
            sdp=offer.sdp,
            tracks=offer.tracks,
        )
        self._bus.to_participant(self._room, participant, event)

    def tracks_moved(self, participant: str, tracks: tuple[TrackInfo, ...]) -> None:
        event = TracksMoved(seq=0, room=self._room, participant=participant, tracks=tracks)
        self._bus.to_participant(self._room, participant, event)

    def videos_paused(self, participant: str, videos: tuple[VisibleVideo, ...]) -> None:
        event = VideosPaused(seq=0, room=self._room, participant=participant, videos=videos)
        self._bus.to_participant(self._room, participant, event)
