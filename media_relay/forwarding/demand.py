"""Which layers a publisher is asked to encode: more at once, fewer only after a while."""

HOLD_S = 5.0  # switching an encoding off and on costs a key frame in all of them


class Demand:
    """Remembers what a publisher was told; layers are named by index, the smallest is 0."""

    def __init__(self, count: int) -> None:
        self._all = frozenset(range(count))
        self._needed_at = dict.fromkeys(self._all, float("-inf"))
        self._since: float | None = None
        self.told = self._all  # a browser begins with all of them

    @property
    def is_partial(self) -> bool:
        """The publisher was told to leave something out."""
        return self.told != self._all

    def update(self, needed: frozenset[int], now: float) -> bool:
        """What viewers need now; true when the publisher is to be told `told` anew."""
        if self._since is None:
            self._since = now
            self._needed_at = dict.fromkeys(self._all, now)
        for index in needed & self._all:
            self._needed_at[index] = now
        wanted = frozenset(index for index in self._all if now - self._needed_at[index] < HOLD_S)
        is_changed = wanted != self.told
        self.told = wanted
        return is_changed
