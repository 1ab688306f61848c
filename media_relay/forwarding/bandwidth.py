"""Who gets how much of one viewer's network. This is the whole policy.

1. Sound comes first and is never dropped: what it needs is taken off before anything is shared.
2. What the viewer does not see gets nothing.
3. The stage and shared screens come first: each gets its smallest layer, and is then raised as far
   as suits its size on the viewer's screen and as the rest of the budget allows.
4. Then the other tiles, the largest first: all of them get their smallest layer before any is
   raised, and each is raised step by step as suits its size.
5. Smallest layers are left out only when it is proved that they do not pass: what merely may be too
   much is met with smaller layers. What is left without one is paused, and the viewer is told.

What a viewer has already is counted a little cheaper, so that two tiles do not take turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

KEEP_FACTOR = 0.9  # of the cost of a layer that is being sent to this viewer
KEEP_ONLY_FACTOR = 0.6  # of the only layer there is: below it lies nothing but a pause
NOMINAL_BPS = {1: (1_500_000.0,), 2: (450_000.0, 1_500_000.0), 3: (150_000.0, 450_000.0, 1.5e6)}
NOMINAL_HEIGHT = 720  # of the largest layer, before a key frame showed it
ENOUGH = 0.75  # a picture may be enlarged by a third before the next layer is worth its price


class Wish(NamedTuple):
    """A video that the viewer could be sent."""

    key: str
    is_first: bool  # on the stage, or a shared screen
    area: int  # on the viewer's screen, in pixels; 0: not visible
    wanted: int  # the layer that suits this size, by index
    costs_bps: tuple[float, ...]  # of each layer, the smallest first
    held: int | None = None  # the layer that this viewer gets now


@dataclass(frozen=True)
class Allocation:
    """Each wish's layer by key; None is nothing, because it is hidden or does not fit."""

    layers: dict[str, int | None]
    paused: tuple[str, ...]  # visible, but nothing of it fits
    total_bps: float
    next_bps: float | None  # the total with the next step up; None when nobody lacks anything


def allocate(wishes: Sequence[Wish], budget_bps: float, *, proved_bps: float | None) -> Allocation:
    """Share what is left of the budget after the sound.

    `proved_bps` is the most that passes as far as that is proved, after the sound as well: up to it
    the smallest layers are given even beyond the budget. None: nothing is proved, and they are
    given in any case.
    """
    visible = sorted(
        (wish for wish in wishes if wish.area > 0), key=lambda wish: (-wish.area, wish.key)
    )
    share = _Share()
    most_bps = inf if proved_bps is None else max(budget_bps, proved_bps)
    for group in (
        [wish for wish in visible if wish.is_first],
        [wish for wish in visible if not wish.is_first],
    ):
        for wish in group:
            share.raise_to(wish, 0, most_bps)
        for index in range(1, max((wish.wanted for wish in group), default=0) + 1):
            for wish in group:
                if wish.wanted >= index and share.layers.get(wish.key) == index - 1:
                    share.raise_to(wish, index, budget_bps)
    return Allocation(
        layers={wish.key: share.layers.get(wish.key) for wish in wishes},
        paused=tuple(wish.key for wish in visible if wish.key not in share.layers),
        total_bps=share.total_bps,
        next_bps=share.next_bps,
    )


class _Share:
    """What was given so far to those who wish something."""

    def __init__(self) -> None:
        self.layers: dict[str, int] = {}
        self.total_bps = 0.0
        self.next_bps: float | None = None

    def raise_to(self, wish: Wish, index: int, most_bps: float) -> None:
        """Give this layer in place of the one below it, if the total stays within `most_bps`."""
        more = _cost(wish, index) - (_cost(wish, index - 1) if index else 0.0)
        if self.total_bps + more <= most_bps:
            self.layers[wish.key] = index
            self.total_bps += more
        elif self.next_bps is None:
            self.next_bps = self.total_bps + more


def _cost(wish: Wish, index: int) -> float:
    if wish.held is None or index > wish.held:
        return wish.costs_bps[index]
    factor = KEEP_ONLY_FACTOR if len(wish.costs_bps) == 1 else KEEP_FACTOR
    return wish.costs_bps[index] * factor


def suitable_layer(heights: Sequence[int | None], tile_height: int) -> int:
    """The smallest layer whose lines are enough for a tile of this height, by index."""
    top = len(heights) - 1
    for index, height in enumerate(heights):
        if (height or NOMINAL_HEIGHT >> (top - index)) >= tile_height * ENOUGH:
            return index
    return top
