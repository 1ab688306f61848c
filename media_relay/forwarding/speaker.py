"""Who speaks: audio levels in (RFC 6464), one name out, with hysteresis against flutter."""

from dataclasses import dataclass

SILENT_LEVEL = 127  # the level is -dBov: 0 is loudest
SMOOTHING_S = 0.3
SPEECH_LEVEL = 55.0  # quieter than this is taken for room noise
RELEASE_LEVEL = 65.0  # the present speaker may fall this low before the floor is free
LEAD_DB = 6.0  # by how much another one must be louder
TAKE_OVER_S = 0.4  # and for how long
RELEASE_S = 2.0  # silence for so long: nobody speaks
MAX_BEAT_S = 1.0  # a longer pause between two decisions is not counted as talk
MAX_TALKERS = 1_000  # whose time is kept; a room has far fewer, but people come and go


@dataclass(slots=True)
class _Voice:
    level: float
    heard_at: float

    def hear(self, level: int, now: float) -> None:
        share = min(1.0, (now - self.heard_at) / SMOOTHING_S)
        self.level += (level - self.level) * share
        self.heard_at = now

    def level_at(self, now: float) -> float:
        """Nothing heard for a while (muted, DTX) counts as silence."""
        return self.level if now - self.heard_at < SMOOTHING_S else float(SILENT_LEVEL)


class SpeakerDetector:
    """Keeps a smoothed level for each participant and decides at each tick."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        self._speaker: str | None = None
        self._rival: str | None = None
        self._rival_since = 0.0
        self._spoke_at = 0.0
        self._decided_at: float | None = None
        self._talk_s: dict[str, float] = {}

    @property
    def talk_s(self) -> dict[str, float]:
        """How long each has talked, in seconds; those who went are kept."""
        return dict(self._talk_s)

    def level_of(self, participant: str, now: float) -> float:
        """The smoothed level in -dBov: 0 is loudest, 127 silence."""
        voice = self._voices.get(participant)
        return float(SILENT_LEVEL) if voice is None else voice.level_at(now)

    @property
    def speaker(self) -> str | None:
        return self._speaker

    def hear(self, participant: str, level: int, now: float) -> None:
        """One audio packet of a participant, with its level."""
        voice = self._voices.get(participant)
        if voice is None:
            self._voices[participant] = _Voice(float(SILENT_LEVEL), now)
        else:
            voice.hear(level, now)

    def forget(self, participant: str) -> None:
        """The participant is gone or not to be heard any more."""
        self._voices.pop(participant, None)

    def decide(self, now: float) -> bool:
        """Look at the levels; true when the speaker changed."""
        self._count_talk(now)
        previous = self._speaker
        loudest = min(self._voices, key=lambda name: self._voices[name].level_at(now), default=None)
        self._release(now)
        if loudest is not None and self._is_rival(loudest, now):
            if self._rival != loudest:
                self._rival, self._rival_since = loudest, now
            if now - self._rival_since >= TAKE_OVER_S:
                self._speaker, self._spoke_at, self._rival = loudest, now, None
        else:
            self._rival = None
        return self._speaker != previous

    def _count_talk(self, now: float) -> None:
        """Everybody who speaks is counted, not only the one who has the floor."""
        elapsed = 0.0 if self._decided_at is None else min(MAX_BEAT_S, now - self._decided_at)
        self._decided_at = now
        for name, voice in self._voices.items():
            is_known = name in self._talk_s or len(self._talk_s) < MAX_TALKERS
            if is_known and voice.level_at(now) < SPEECH_LEVEL:
                self._talk_s[name] = self._talk_s.get(name, 0.0) + elapsed

    def _level_of(self, participant: str | None, now: float) -> float:
        return float(SILENT_LEVEL) if participant is None else self.level_of(participant, now)

    def _release(self, now: float) -> None:
        if self._speaker is None:
            return
        if self._level_of(self._speaker, now) < RELEASE_LEVEL:
            self._spoke_at = now
        elif self._speaker not in self._voices or now - self._spoke_at >= RELEASE_S:
            self._speaker = None

    def _is_rival(self, name: str, now: float) -> bool:
        if name == self._speaker:
            return False
        level = self._level_of(name, now)
        return level < SPEECH_LEVEL and level + LEAD_DB <= self._level_of(self._speaker, now)
