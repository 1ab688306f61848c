"""Who speaks in a room and for how long, and who is heard where not all can be."""

import secrets

from media_relay.forwarding.loudest import LoudestFew
from media_relay.forwarding.speaker import SPEECH_LEVEL, SpeakerDetector
from media_relay.room_news import RoomNews

VOICE_SLOTS = 8  # microphones that a viewer is sent; of more, the loudest and those on its stage
TALK_TIMES_INTERVAL_S = 10.0


class Voices:
    """The open microphones of one room."""

    def __init__(self, news: RoomNews) -> None:
        self._news = news
        self._speaker = SpeakerDetector()
        self._loudest = LoudestFew()
        self._microphones: set[str] = set()  # whose are open, by participant
        self._tally = secrets.token_hex(16)
        self._talk_told: dict[str, float] = {}
        self._talk_told_at = 0.0

    @property
    def heard(self) -> frozenset[str]:
        """Whom all are sent where more microphones are open than a viewer is sent."""
        return self._loudest.heard

    def open(self, participant: str) -> None:
        """The participant's microphone is published."""
        self._microphones.add(participant)

    def close(self, participant: str) -> None:
        """It is not any more; the time talked is kept."""
        self._microphones.discard(participant)
        self._speaker.forget(participant)

    def hear(self, participant: str, level: int, now: float) -> None:
        """One audio packet of a participant, with its level."""
        self._speaker.hear(participant, level, now)

    def choose(self, now: float) -> bool:
        """Ten times a second: true when others are heard than before."""
        if len(self._microphones) <= VOICE_SLOTS:
            return False
        levels = {name: self._speaker.level_of(name, now) for name in self._microphones}
        return self._loudest.decide(levels, SPEECH_LEVEL, now)

    def find_speaker(self, now: float) -> None:
        """Ten times a second: all are told when it is another one."""
        if self._speaker.decide(now):
            self._news.speaker_changed(self._speaker.speaker)

    def report(self, now: float) -> None:
        """Once a second."""
        if now - self._talk_told_at >= TALK_TIMES_INTERVAL_S:
            self.tell_talk_times(now)

    def tell_talk_times(self, now: float) -> None:
        """What somebody added since the last time; at most a few hundred names."""
        self._talk_told_at = now
        seconds = {name: round(talk_s, 1) for name, talk_s in self._speaker.talk_s.items()}
        if seconds != self._talk_told:
            self._talk_told = seconds
            self._news.talk_counted(self._tally, seconds)
