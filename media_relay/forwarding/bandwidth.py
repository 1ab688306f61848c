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
USUAL_SOUND_BPS = 50_000.0
LARGEST_BPS = 1_500_000.0  # of a camera's picture of LARGEST_HEIGHT lines
LARGEST_HEIGHT = 720
# A quarter of the lines (a sixteenth of the pixels) takes a tenth of the bits: the limits that the
# room page sets (video_sizes.js).
BITRATE_EXPONENT = 1.66
# Lines of the largest of so many layers, before a key frame showed one: cameras send as many
# layers as their picture has room for.
USUAL_HEIGHT = {1: 720, 2: 480, 3: 720}
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


def likely_heights(heights: Sequence[int | None]) -> tuple[int, ...]:
    """The lines of each layer, the smallest first; unknown ones follow from those that are known.

    Each layer has twice the lines of the one below it.
    """
    top = len(heights) - 1
    shown = [(index, height) for index, height in enumerate(heights) if height]
    index, known = shown[-1] if shown else (top, USUAL_HEIGHT[len(heights)])
    return tuple(height or round(known * 2.0 ** (at - index)) for at, height in enumerate(heights))


def usual_bps(height: int) -> float:
    """What a picture of so many lines takes, before it was measured."""
    share: float = min(1.0, height / LARGEST_HEIGHT) ** BITRATE_EXPONENT
    return LARGEST_BPS * share


def suitable_layer(heights: Sequence[int], tile_height: int) -> int:
    """The smallest layer whose lines are enough for a tile of this height, by index."""
    for index, height in enumerate(heights):
        if height >= tile_height * ENOUGH:
            return index
    return len(heights) - 1
