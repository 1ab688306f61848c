"""Tells a part that stands still from one that is busy. Pure: signs and times in, a verdict out."""

from collections import deque
from dataclasses import dataclass, field

# Silent for so long, and idle over the last such time: it stands still, and whoever asks it waits
# for nothing. What it computed before it froze does not count.
SILENT_WITHIN_S = 10.0
# Silent but computing (or not yet heard of since its start): it may come back by itself.
BUSY_WITHIN_S = 60.0
# Less than this share of one core is idle; a process that gets little of a loaded machine has more.
IDLE_SHARE = 0.01
# What one look adds at most: when the supervisor itself was stopped, the parts are not to blame.
MOST_COUNTED_S = 2.0


@dataclass
class Pulse:
    """One part since its start. A sign is anything that changes while the part lives."""

    silent_within_s: float = SILENT_WITHIN_S
    silent_s: float = 0.0
    _signs: list[object] = field(default_factory=list)  # the last one; before the first look none
    _has_begun: bool = False
    _looked_at_s: float = 0.0
    # Of the last `silent_within_s` of the silence: how long it was, what had been computed by then.
    _looks: deque[tuple[float, float]] = field(default_factory=deque)

    def look(self, sign: object, *, now_s: float, processor_s: float) -> bool:
        """Whether the part stands still. `processor_s` is what it has computed since its start."""
        elapsed_s = min(now_s - self._looked_at_s, MOST_COUNTED_S)
        self._looked_at_s = now_s
        if self._signs != [sign]:
            self._has_begun = bool(self._signs)
            self._signs = [sign]
            self._count_anew(processor_s)
            return False
        self.silent_s += elapsed_s
        self._looks.append((self.silent_s, processor_s))
        limit_s = self.silent_within_s if self._has_begun and self._is_idle() else BUSY_WITHIN_S
        return self.silent_s > limit_s

    def excuse(self) -> None:
        """The silence has another cause: it counts anew."""
        self._count_anew(self._looks[-1][1])

    def _count_anew(self, processor_s: float) -> None:
        self.silent_s = 0.0
        self._looks = deque([(0.0, processor_s)])

    def _is_idle(self) -> bool:
        until_s, processor_s = self._looks[-1]
        while until_s - self._looks[1][0] > self.silent_within_s:
            self._looks.popleft()
        from_s, before_s = self._looks[0]
        return processor_s - before_s < IDLE_SHARE * (until_s - from_s)
