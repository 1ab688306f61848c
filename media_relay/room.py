"""A room: who is in it, who publishes what to whom, and who speaks."""

import secrets
import time
from collections import deque

from media_relay.errors import TooMany, UnknownParticipant
from media_relay.events import EventBus
from media_relay.forwarding.loudest import LoudestFew
from media_relay.forwarding.speaker import SPEECH_LEVEL, SpeakerDetector
from media_relay.participant import Participant
from media_relay.protocol import (
    ActiveSpeaker,
    ConnectionKind,
    ConnectionState,
    ConnectionStateChanged,
    LayersWanted,
    OfferWanted,
    PublicationEnded,
    PublicationStarted,
    RoomInfo,
    RoomQuality,
    Source,
    SubscribeOffer,
    TalkTimes,
    TrackInfo,
    TracksMoved,
    VideosPaused,
    VisibleVideo,
)
from media_relay.publication import Publication
from media_relay.publisher import Publisher
from media_relay.recording.recorder import NOT_RECORDED, Recording
from media_relay.sdp.codecs import Codec
from media_relay.slots import Offer
from media_relay.stats import Stats
from media_relay.subscription import VOICE_SLOTS, Subscription
from media_relay.transport.endpoint import MediaEndpoint

MAX_PARTICIPANTS = 200
MAX_REMEMBERED_RECORDINGS = 32
TALK_TIMES_INTERVAL_S = 10.0


class Room:
    """Participants and their publications; says what happens through the event bus."""

    def __init__(self, name: str, *, endpoint: MediaEndpoint, bus: EventBus, stats: Stats) -> None:
        self.name = name
        self.participants: dict[str, Participant] = {}
        self.empty_since: float | None = time.monotonic()
        self.recording: Recording | None = None
        self._stopped: deque[str] = deque(maxlen=MAX_REMEMBERED_RECORDINGS)
        self._endpoint = endpoint
        self._bus = bus
        self._stats = stats
        self._speaker = SpeakerDetector()
        self._loudest = LoudestFew()
        self._microphones: set[str] = set()  # whose are open, by participant
        self._tally = secrets.token_hex(16)
        self._talk_told: dict[str, float] = {}
        self._talk_told_at = 0.0
        self._has_told_quality = False

    @property
    def info(self) -> RoomInfo:
        """As the snapshot names it."""
        return RoomInfo(
            room=self.name,
            participants=tuple(self.participants),
            publications=tuple(entry.info for entry in self.publications()),
        )

    def publications(self, *, without: str | None = None) -> list[Publication]:
        """What is published now, optionally by everybody but one."""
        return [
            publication
            for participant in self.participants.values()
            if participant.id != without
            for publication in participant.publisher.publications.values()
        ]

    def participant(self, name: str) -> Participant:
        """The participant of this name. Raises UnknownParticipant."""
        found = self.participants.get(name)
        if found is None:
            raise UnknownParticipant("The participant is not in this room.")
        return found

    # --- coming and going ---

    def join(self, name: str, may_publish: frozenset[Source]) -> Participant:
        """Find or make the participant."""
        participant = self.participants.get(name)
        if participant is None:
            if len(self.participants) >= MAX_PARTICIPANTS:
                raise TooMany(f"A room has at most {MAX_PARTICIPANTS} participants.")
            participant = self._new_participant(name, may_publish)
        else:
            participant.permit(may_publish)
        participant.orphaned_at = None
        self.empty_since = None
        return participant

    def leave(self, name: str) -> None:
        """End the participant's connections and tell the others; twice is harmless."""
        participant = self.participants.pop(name, None)
        if participant is None:
            return
        self._tell_talk_times(time.monotonic())
        self._bus.unbind(self.name, name)
        participant.close()
        self._speaker.forget(name)
        if not self.participants:
            self.empty_since = time.monotonic()

    def close(self) -> None:
        """The recording ends and everybody leaves."""
        self.stop_recording()
        for name in list(self.participants):
            self.leave(name)

    def is_recorded_as(self, recording: str) -> bool:
        """Whether this very recording is running."""
        return self.recording is not None and self.recording.name == recording

    def has_stopped(self, recording: str) -> bool:
        """Whether this recording is over: a request that comes late must not begin it anew."""
        return recording in self._stopped

    def start_recording(self, recording: Recording) -> None:
        """From now on nothing is published that could not be written."""
        self.recording = recording
        self.codec_refused()

    def stop_recording(self) -> None:
        """End the recording; twice is harmless."""
        if self.recording is not None:
            self.recording.stop(time.monotonic())
            self._stopped.append(self.recording.name)
            self.recording = None

    def repeat_news(self, participant: Participant) -> None:
        """Say again what concerns this participant alone: the control connection that was told
        may have died with it.
        """
        offer = participant.subscription.outstanding
        if offer is not None:
            self.subscribe_offer_made(participant.id, offer)
        if participant.subscription.paused:
            self.videos_paused(participant.id, participant.subscription.paused)
        for publication in participant.publisher.publications.values():
            if publication.is_video and publication.demand.is_partial:
                self.layers_wanted(publication)
        self._ask_for_offer(participant)

    def _new_participant(self, name: str, may_publish: frozenset[Source]) -> Participant:
        participant = Participant(
            id=name,
            may_publish=may_publish,
            publisher=Publisher(
                participant=name,
                room=self,
                endpoint=self._endpoint,
                stats=self._stats,
                now=time.monotonic(),
            ),
            subscription=Subscription(
                participant=name, room=self, endpoint=self._endpoint, stats=self._stats
            ),
        )
        self.participants[name] = participant
        return participant

    # --- what publishers say ---

    @property
    def preferred_codec(self) -> Codec | None:
        """One video codec for a room: that of the first picture in it that all receive."""
        refused = self.refused_codecs
        videos = (entry.codec for entry in self.publications() if entry.is_video)
        return next((codec for codec in videos if codec not in refused), None)

    @property
    def refused_codecs(self) -> frozenset[Codec]:
        """What some viewer who is here cannot decode, or the recording cannot write."""
        viewers = (participant.subscription for participant in self.participants.values())
        refused = frozenset(codec for viewer in viewers for codec in viewer.refused)
        return refused if self.recording is None else refused | NOT_RECORDED

    def publication_started(self, publication: Publication) -> None:
        event = PublicationStarted(
            seq=0,
            room=self.name,
            publication=publication.id,
            participant=publication.participant,
            source=publication.source,
        )
        self._bus.to_room(self.name, event)
        for participant in self._others(publication.participant):
            participant.subscription.start(publication, time.monotonic())
        if publication.source == "microphone":
            self._microphones.add(publication.participant)
        if self.recording is not None:
            self.recording.publication_started(publication, time.monotonic())

    def publication_ended(self, publication: Publication) -> None:
        if publication.source == "microphone":
            self._speaker.forget(publication.participant)
            self._microphones.discard(publication.participant)
        event = PublicationEnded(
            seq=0,
            room=self.name,
            publication=publication.id,
            participant=publication.participant,
            source=publication.source,
        )
        self._bus.to_room(self.name, event)
        for participant in self._others(publication.participant):
            participant.subscription.end(publication, time.monotonic())
        if self.recording is not None:
            self.recording.publication_ended(publication)

    def publish_state_changed(self, participant: str, state: ConnectionState) -> None:
        self._state_changed(participant, "publish", state)

    def voice_heard(self, participant: str, level: int, now: float) -> None:
        self._speaker.hear(participant, level, now)

    def _choose_voices(self, now: float) -> None:
        """Where more microphones are open than a viewer is sent: whose are heard."""
        if len(self._microphones) <= VOICE_SLOTS:
            return
        levels = {name: self._speaker.level_of(name, now) for name in self._microphones}
        if self._loudest.decide(levels, SPEECH_LEVEL, now):
            self._tell_voices(now)

    def _tell_voices(self, now: float) -> None:
        for participant in self.participants.values():
            participant.subscription.hear(self._loudest.heard, now)

    def _tell_talk_times(self, now: float) -> None:
        """What somebody added since the last time; at most a few hundred names."""
        self._talk_told_at = now
        seconds = {name: round(talk_s, 1) for name, talk_s in self._speaker.talk_s.items()}
        if seconds != self._talk_told:
            self._talk_told = seconds
            event = TalkTimes(seq=0, room=self.name, tally=self._tally, seconds=seconds)
            self._bus.to_room(self.name, event)

    def layers_wanted(self, publication: Publication) -> None:
        event = LayersWanted(
            seq=0,
            room=self.name,
            participant=publication.participant,
            source=publication.source,
            layers=tuple(sorted(publication.demand.told)),
        )
        self._bus.to_participant(self.name, publication.participant, event)

    # --- what subscriptions say ---

    def tracks_moved(self, participant: str, tracks: tuple[TrackInfo, ...]) -> None:
        event = TracksMoved(seq=0, room=self.name, participant=participant, tracks=tracks)
        self._bus.to_participant(self.name, participant, event)

    def videos_paused(self, participant: str, videos: tuple[VisibleVideo, ...]) -> None:
        event = VideosPaused(seq=0, room=self.name, participant=participant, videos=videos)
        self._bus.to_participant(self.name, participant, event)

    def codec_refused(self) -> None:
        """There is somebody who cannot take what others send: they are to offer again."""
        for participant in self.participants.values():
            self._ask_for_offer(participant)

    def _ask_for_offer(self, participant: Participant) -> None:
        sent = {entry.codec for entry in participant.publisher.publications.values()}
        if sent & self.refused_codecs:
            event = OfferWanted(seq=0, room=self.name, participant=participant.id)
            self._bus.to_participant(self.name, participant.id, event)

    def subscribe_offer_made(self, participant: str, offer: Offer) -> None:
        event = SubscribeOffer(
            seq=0,
            room=self.name,
            participant=participant,
            generation=offer.generation,
            sdp=offer.sdp,
            tracks=offer.tracks,
        )
        self._bus.to_participant(self.name, participant, event)

    def subscribe_state_changed(self, participant: str, state: ConnectionState) -> None:
        self._state_changed(participant, "subscribe", state)

    # --- clock ---

    def tick(self, now: float) -> None:
        """About ten times a second."""
        for participant in self.participants.values():
            if participant.publisher.intake is not None:
                participant.publisher.intake.tick(now)
        if self.recording is not None:
            self.recording.tick(now)
        self._choose_voices(now)
        if self._speaker.decide(now):
            event = ActiveSpeaker(seq=0, room=self.name, participant=self._speaker.speaker)
            self._bus.to_room(self.name, event)

    def refresh(self, now: float) -> None:
        """Four times a second: what viewers wait for, of whom there are many."""
        for participant in self.participants.values():
            participant.subscription.refresh(now)

    def report(self, now: float) -> None:
        """Once a second."""
        for publication in self.publications():
            publication.measure(now)
        self._tell_voices(now)  # for those who came since the last change
        if now - self._talk_told_at >= TALK_TIMES_INTERVAL_S:
            self._tell_talk_times(now)
        for participant in self.participants.values():
            participant.publisher.report(now)
            participant.subscription.report(now)

    def report_quality(self, now: float) -> None:
        """Every few seconds, once for the whole room."""
        candidate_of = self._endpoint.candidate_of
        found = [entry.quality(now, candidate_of) for entry in self.participants.values()]
        known = tuple(quality for quality in found if quality is not None)
        if known or self._has_told_quality:  # once more when the last connection is gone
            self._bus.to_room(self.name, RoomQuality(seq=0, room=self.name, participants=known))
        self._has_told_quality = bool(known)

    def _others(self, name: str) -> list[Participant]:
        return [entry for entry in self.participants.values() if entry.id != name]

    def _state_changed(
        self, participant: str, connection: ConnectionKind, state: ConnectionState
    ) -> None:
        event = ConnectionStateChanged(
            seq=0, room=self.name, participant=participant, connection=connection, state=state
        )
        self._bus.to_participant(self.name, participant, event)
