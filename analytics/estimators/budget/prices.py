"""What one unit less, and one unit more, of each limit is worth.

The best result V is a concave, piecewise straight function of a limit's value (Bertsimas and
Tsitsiklis, Introduction to Linear Optimization, 1997, theorem 5.1), so its slopes to the left and
right differ at a corner. Both are found by solving again, a little below and a little above.
"""

import math
from collections.abc import Mapping

import numpy as np

from analytics.estimators.budget.program import Program, Solution, optimise, solve
from analytics.estimators.budget.spec import ShadowPrice

HALVINGS = 30
STRAIGHT = 1e-9
FAR = 1e9  # of the problem's scale: a price that holds that far holds for ever


def price_limits(program: Program, best: Solution) -> Mapping[str, ShadowPrice]:
    """The price of every limit, by its name."""
    return {
        limit.name: (
            _price_step(program, best, index)
            if program.step
            else _price_limit(program, best, index)
        )
        for index, limit in enumerate(program.limits)
    }


def _price_limit(program: Program, best: Solution, index: int) -> ShadowPrice:
    less = _find_slope(program, best, index, -1.0)
    more = _find_slope(program, best, index, 1.0)
    value = program.limits[index].value
    return ShadowPrice(
        less=_tidy(program, less),
        more=_tidy(program, more),
        range=(
            value if less is None else _find_end(program, best, index, less, -1.0),
            value if more is None else _find_end(program, best, index, more, 1.0),
        ),
    )


def _price_step(program: Program, best: Solution, index: int) -> ShadowPrice:
    """With whole steps V jumps, so the price is the difference that one whole step makes."""
    step, value = program.step or 0.0, program.limits[index].value
    low = solve(program.move(index, value - step)) if value >= step else None
    high = solve(program.move(index, value + step))
    return ShadowPrice(
        less=None if low is None else _tidy(program, best.objective - low.objective),
        more=None if high is None else _tidy(program, high.objective - best.objective),
        range=None,
    )


def _find_slope(program: Program, best: Solution, index: int, way: float) -> float | None:
    """The slope of V on the first straight stretch that way; None if there is no such way.

    A stretch is straight when V at its middle lies on the chord. The slope is then the middle's
    marginal, which is unique there.
    """
    limit = program.limits[index]
    reach = max(abs(limit.value), program.scale * limit.size) / 4
    for _ in range(HALVINGS):
        far = solve(program.move(index, limit.value + way * reach))
        middle = solve(program.move(index, limit.value + way * reach / 2))
        if far and middle and middle.prices is not None:
            bend = abs(2 * middle.objective - best.objective - far.objective)
            if bend <= STRAIGHT * max(abs(best.objective), abs(far.objective)):
                return float(middle.prices[index])
        reach /= 2
    return None


def _find_end(
    program: Program, best: Solution, index: int, slope: float, way: float
) -> float | None:
    """How far V goes on along this slope: the longest move t with V(value + way t) on the line.

    One linear program in pieces and t: t is as large as possible while the limits (with this one
    moved by t) leave an allocation worth best + way x slope x t. None: without end.
    """
    limit = program.limits[index]
    scale, slopes = program.scale, program.slope_scale
    pieces = len(program.pieces)
    gain = [-piece.slope / slopes for piece in program.pieces]
    on_line = (np.array([*gain, way * slope / slopes]), -best.objective / slopes / scale)
    moved = limit.sign * (limit.row @ program.spread) / limit.size
    of_limit = (
        np.array([*moved, -limit.sign * way / limit.size]),
        limit.sign * limit.value / limit.size / scale,
    )
    far = (np.array([0.0] * pieces + [1.0]), FAR)
    others = program.without(index)
    longest = np.array([0.0] * pieces + [-1.0])
    found, _ = optimise(others, longest, [on_line, of_limit, far], unlimited=1)
    if found is None:
        return limit.value
    distance = float(found[pieces])
    if distance >= FAR * scale / 2:
        return None
    end = program.tidy(limit.value + way * distance)
    return max(end, 0.0) if limit.kind in ("total", "cap", "floor") else end


def _tidy(program: Program, price: float | None) -> float | None:
    """A price without the solver's dust."""
    if price is None:
        return None
    if math.isclose(price, 0.0, abs_tol=STRAIGHT * program.slope_scale):
        return 0.0
    return float(f"{price:.14g}")
