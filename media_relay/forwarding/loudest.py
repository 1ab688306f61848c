"""Whose voices are heard where more microphones are open than a viewer can be sent.

A voice that begins to speak gets in at once, in place of one that has been quiet for a while. When
all speak, it has to be clearly louder than the quietest. Nobody falls out for being quiet alone.
"""

from collections.abc import Mapping

HEARD = 6
QUIET_S = 1.5  # who has not spoken for so long may be replaced
TAKE_OVER_DB = 6.0


class LoudestFew:
    """The names of those who are heard; at most `size` of them."""

    def __init__(self, size: int = HEARD) -> None:
        self._size = size
        self._spoke_at: dict[str, float] = {}  # of those who are heard

    @property
    def heard(self) -> frozenset[str]:
        return frozenset(self._spoke_at)

    def decide(self, levels: Mapping[str, float], speech_level: float, now: float) -> bool:
        """Levels in -dBov (0 is loudest) of all open microphones; true when others are heard."""
        before = self.heard
        for name in before - levels.keys():
            del self._spoke_at[name]
        for name in sorted(levels, key=lambda entry: levels[entry]):
            is_speaking = levels[name] < speech_level
            if name in self._spoke_at:
                self._spoke_at[name] = now if is_speaking else self._spoke_at[name]
            elif len(self._spoke_at) < self._size:
                self._spoke_at[name] = now if is_speaking else now - QUIET_S
            elif is_speaking:
                self._let_in(name, levels, speech_level, now)
        return self.heard != before

    def _let_in(
        self, name: str, levels: Mapping[str, float], speech_level: float, now: float
    ) -> None:
        leaving = min(self._spoke_at, key=lambda entry: self._spoke_at[entry])
        if now - self._spoke_at[leaving] < QUIET_S:
            # Who only takes a breath keeps the place.
            speaking = [entry for entry in self._spoke_at if levels[entry] < speech_level]
            leaving = max(speaking, key=lambda entry: levels[entry], default=name)
            if levels[name] + TAKE_OVER_DB > levels[leaving]:
                return
        del self._spoke_at[leaving]
        self._spoke_at[name] = now
