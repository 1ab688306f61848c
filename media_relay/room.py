"""A room: who is in it, who publishes what to whom, and whether it is recorded."""

import time
from collections import deque

from media_relay.errors import TooMany, UnknownParticipant
from media_relay.events import EventBus
from media_relay.participant import Participant
from media_relay.protocol import RoomInfo, Source
from media_relay.publication import Publication
from media_relay.publisher import Publisher
from media_relay.recording.recorder import NOT_RECORDED, Recording
from media_relay.room_news import RoomNews
from media_relay.sdp.codecs import Codec
from media_relay.stats import Stats
from media_relay.subscription import Subscription
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.voices import Voices

MAX_PARTICIPANTS = 200
MAX_REMEMBERED_RECORDINGS = 32


class Room:
    """Participants and their publications; what each of them causes for the others."""

    def __init__(self, name: str, *, endpoint: MediaEndpoint, bus: EventBus, stats: Stats) -> None:
        self.name = name
        self.participants: dict[str, Participant] = {}
        self.empty_since: float | None = time.monotonic()
        self.recording: Recording | None = None
        self._stopped: deque[str] = deque(maxlen=MAX_REMEMBERED_RECORDINGS)
        self._endpoint = endpoint
        self._bus = bus
        self._stats = stats
        self._news = RoomNews(name, bus)
        self._voices = Voices(self._news)
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
        self._voices.tell_talk_times(time.monotonic())
        self._bus.unbind(self.name, name)
        participant.close()
        if not self.participants:
            self.empty_since = time.monotonic()

    def close(self) -> None:
        """The recording ends and everybody leaves."""
        if self.recording is not None:
            self.stop_recording(self.recording.name)
        for name in list(self.participants):
            self.leave(name)

    def has_stopped(self, recording: str) -> bool:
        """Whether this recording is over: a request that comes late must not begin it anew."""
        return recording in self._stopped

    def start_recording(self, recording: Recording) -> None:
        """From now on nothing is published that could not be written."""
        self.recording = recording
        self.codec_refused()

    def stop_recording(self, name: str) -> None:
        """End the recording of this name, or see to it that it never begins; twice is harmless."""
        if name not in self._stopped:
            self._stopped.append(name)
        if self.recording is not None and self.recording.name == name:
            self.recording.stop(time.monotonic())
            self.recording = None

    def repeat_news(self, participant: Participant) -> None:
        """Say again what concerns this participant alone: the control connection that was told
        may have died with it.
        """
        offer = participant.subscription.outstanding
        if offer is not None:
            self._news.subscribe_offer_made(participant.id, offer)
        if participant.subscription.paused:
            self._news.videos_paused(participant.id, participant.subscription.paused)
        for publication in participant.publisher.publications.values():
            if publication.is_video and publication.demand.is_partial:
                self._news.layers_wanted(publication)
        self._ask_for_offer(participant)

    def _new_participant(self, name: str, may_publish: frozenset[Source]) -> Participant:
        participant = Participant(
            id=name,
            may_publish=may_publish,
            publisher=Publisher(
                participant=name,
                room=self,
                news=self._news,
                voices=self._voices,
                endpoint=self._endpoint,
                stats=self._stats,
                now=time.monotonic(),
            ),
            subscription=Subscription(
                participant=name,
                room=self,
                news=self._news,
                endpoint=self._endpoint,
                stats=self._stats,
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
        self._news.publication_started(publication)
        for participant in self._others(publication.participant):
            participant.subscription.start(publication, time.monotonic())
        if publication.source == "microphone":
            self._voices.open(publication.participant)
        if self.recording is not None:
            self.recording.publication_started(publication, time.monotonic())

    def publication_ended(self, publication: Publication) -> None:
        if publication.source == "microphone":
            self._voices.close(publication.participant)
        self._news.publication_ended(publication)
        for participant in self._others(publication.participant):
            participant.subscription.end(publication, time.monotonic())
        if self.recording is not None:
            self.recording.publication_ended(publication)

    # --- what subscriptions say ---

    def codec_refused(self) -> None:
        """There is somebody who cannot take what others send: they are to offer again."""
        for participant in self.participants.values():
            self._ask_for_offer(participant)

    def _ask_for_offer(self, participant: Participant) -> None:
        sent = {entry.codec for entry in participant.publisher.publications.values()}
        if sent & self.refused_codecs:
            self._news.offer_wanted(participant.id)

    # --- clock ---

    def tick(self, now: float) -> None:
        """About ten times a second."""
        for participant in self.participants.values():
            if participant.publisher.intake is not None:
                participant.publisher.intake.tick(now)
        if self.recording is not None:
            self.recording.tick(now)
        if self._voices.choose(now):
            self._tell_voices(now)
        self._voices.find_speaker(now)

    def refresh(self, now: float) -> None:
        """Four times a second: what viewers wait for, of whom there are many."""
        for participant in self.participants.values():
            participant.subscription.refresh(now)

    def report(self, now: float) -> None:
        """Once a second."""
        for publication in self.publications():
            publication.measure(now)
        self._tell_voices(now)  # for those who came since the last change
        self._voices.report(now)
        for participant in self.participants.values():
            participant.publisher.report(now)
            participant.subscription.report(now)

    def report_quality(self, now: float) -> None:
        """Every few seconds, once for the whole room."""
        candidate_of = self._endpoint.candidate_of
        found = [entry.quality(now, candidate_of) for entry in self.participants.values()]
        known = tuple(quality for quality in found if quality is not None)
        if known or self._has_told_quality:  # once more when the last connection is gone
            self._news.quality_measured(known)
        self._has_told_quality = bool(known)

    def _others(self, name: str) -> list[Participant]:
        return [entry for entry in self.participants.values() if entry.id != name]

    def _tell_voices(self, now: float) -> None:
        for participant in self.participants.values():
            participant.subscription.hear(self._voices.heard, now)
