"""Ask the publisher for what is missing (RFC 4585 section 6.2.1), a few times and not for long."""

from dataclasses import dataclass

MAX_ASKS = 4
ASK_INTERVAL_S = 0.040
GIVE_UP_S = 1.0
MAX_MISSING = 256  # a longer gap is not repaired: a key frame is cheaper
REORDER_GRACE_S = 0.005


@dataclass(slots=True)
class _Missing:
    since: float
    due: float
    asks: int = 0


class NackGenerator:
    """Learns the numbers that arrive, and says which ones to ask for now."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._missing: dict[int, _Missing] = {}

    @property
    def missing_count(self) -> int:
        return len(self._missing)

    def arrived(self, sequence: int, now: float) -> bool:
        """A packet came (extended number); false when the gap before it is beyond repair."""
        if self._highest is None or sequence == self._highest + 1:
            self._highest = sequence
            return True
        if sequence <= self._highest:
            self._missing.pop(sequence, None)
            return True
        gap = range(self._highest + 1, sequence)
        self._highest = sequence
        if len(gap) + len(self._missing) > MAX_MISSING:
            self._missing.clear()
            return False
        for number in gap:
            self._missing[number] = _Missing(since=now, due=now + REORDER_GRACE_S)
        return True

    def due(self, now: float) -> list[int]:
        """The numbers to ask for now; each is asked for at most MAX_ASKS times."""
        asked: list[int] = []
        for number, missing in list(self._missing.items()):
            if missing.asks >= MAX_ASKS or now - missing.since > GIVE_UP_S:
                if now - missing.due >= 0:
                    del self._missing[number]
            elif now >= missing.due:
                missing.asks += 1
                missing.due = now + ASK_INTERVAL_S
                asked.append(number)
        return asked
