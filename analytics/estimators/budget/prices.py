"""What one unit less, and one unit more, of each limit is worth.

The best result V is a concave, piecewise straight function of a limit's value. Its slopes to the
left and to the right are the largest and the smallest price the limit has among all optimal duals
(Bertsimas and Tsitsiklis, Introduction to Linear Optimization, 1997, theorems 5.1 and 5.2); they
differ at a corner. A limit with slack has no price and is not looked at again.
"""

import math
from collections.abc import Mapping

import numpy as np

from analytics.estimators.budget.duals import NO_PRICE, Duals, find_duals
from analytics.estimators.budget.program import Program, Solution, optimise, solve, tidy
from analytics.estimators.budget.spec import ShadowPrice
from analytics.estimators.cells import Floats

SAME = 1e-9  # of the best result: two results nearer than this are one
FAR = 1e4  # times a limit's size: a price that holds that far holds for ever


def price_limits(
    program: Program, best: Solution, duals: Duals | None
) -> Mapping[str, ShadowPrice]:
    """The price of every limit, by its name; without duals (whole steps) by solving again."""
    if duals is None:
        return {
            limit.name: _price_step(program, best, index)
            for index, limit in enumerate(program.limits)
        }
    return {
        limit.name: _price_limit(program, best, duals, index)
        for index, limit in enumerate(program.limits)
    }


def find_slopes(program: Program, best: Solution, index: int) -> tuple[float | None, float | None]:
    """The slopes of V to the left and to the right of a limit's value."""
    less, more = _order(program, find_duals(program, best, only=index), index)
    return _unscale(program, index, less), _unscale(program, index, more)


def _price_limit(program: Program, best: Solution, duals: Duals, index: int) -> ShadowPrice:
    less, more = _order(program, duals, index)
    return ShadowPrice(
        less=_unscale(program, index, less),
        more=_unscale(program, index, more),
        range=(
            _find_end(program, best, duals, index, less, -1.0),
            _find_end(program, best, duals, index, more, 1.0),
        ),
    )


def _order(program: Program, duals: Duals, index: int) -> tuple[Floats | None, Floats | None]:
    """The duals whose price holds below and above the value; a least works the other way round."""
    pair = duals.most[index], duals.least[index]
    return pair if program.limits[index].sign > 0 else (pair[1], pair[0])


def _unscale(program: Program, index: int, dual: Floats | None) -> float | None:
    """A limit's price in customers per unit, without the solver's dust; None: no way to go."""
    if dual is None:
        return None
    if dual[index] <= NO_PRICE:
        return 0.0
    unit = program.scaled.gain_size / program.row_sizes[index]
    return float(f"{program.limits[index].sign * float(dual[index]) * unit:.14g}")


def _price_step(program: Program, best: Solution, index: int) -> ShadowPrice:
    """With whole steps V jumps, so the price is the difference that one whole step makes."""
    value, step = program.limits[index].value, program.step or 0.0
    return ShadowPrice(
        less=_lose_step(program, best, index) if value >= step else None,
        more=_win_step(program, best, index),
        range=None,
    )


def _lose_step(program: Program, best: Solution, index: int) -> float | None:
    """What the best result loses when the limit's value falls by one step."""
    moved = program.move(index, program.limits[index].value - (program.step or 0.0))
    low = _solve_moved(program, best, moved, is_tighter=program.limits[index].sign > 0)
    return None if low is None else _without_dust(best, best.objective - low.objective)


def _win_step(program: Program, best: Solution, index: int) -> float | None:
    """What the best result wins when the limit's value rises by one step."""
    moved = program.move(index, program.limits[index].value + (program.step or 0.0))
    high = _solve_moved(program, best, moved, is_tighter=program.limits[index].sign < 0)
    return None if high is None else _without_dust(best, high.objective - best.objective)


def _solve_moved(
    program: Program, best: Solution, moved: Program, *, is_tighter: bool
) -> Solution | None:
    """The best of a moved program; not solved where the best of before cannot have changed."""
    if is_tighter and moved.keeps_limits(best.amounts):
        return best
    return solve(moved)


def _without_dust(best: Solution, difference: float) -> float:
    if math.isclose(difference, 0.0, abs_tol=SAME * abs(best.objective)):
        return 0.0
    return float(f"{difference:.14g}")


def _find_end(
    program: Program,
    best: Solution,
    duals: Duals,
    index: int,
    dual: Floats | None,
    way: float,
) -> float | None:
    """How far V goes on along this slope; None: without end."""
    limit = program.limits[index]
    if dual is None:
        return limit.value
    is_relaxing = way * limit.sign > 0
    if is_relaxing and dual[index] <= NO_PRICE:  # V can only be flat from here on
        return None
    if not is_relaxing and duals.is_unique and dual[index] <= NO_PRICE:
        end = float(limit.row @ best.amounts)  # up to here the limit has slack
    else:
        distance = duals.measure_reach(dual, index, way * limit.sign)
        if distance is None:
            distance = _search_end(program, best, index, float(dual[index]), way)
        if distance >= _find_far(program, index) / 2:
            return None
        end = limit.value + way * distance * program.row_sizes[index]
    end = tidy(end, max(abs(limit.value), float(program.row_sizes[index])))
    return max(end, 0.0) if limit.kind in ("total", "cap", "floor") else end


def _search_end(program: Program, best: Solution, index: int, price: float, way: float) -> float:
    """The longest move t of the limit with V on the line, in scaled units.

    One linear program in pieces and t: t is as large as possible while the limits (with this one
    moved by t) leave an allocation worth best + slope x t.
    """
    scaled, sign = program.scaled, program.limits[index].sign
    pieces = len(program.pieces)
    forward = way * sign
    on_line = (
        np.array([*-scaled.gains, forward * price]),
        -best.objective / scaled.gain_size,
    )
    of_limit = (np.array([*scaled.rows[index], -forward]), float(scaled.bounds[index]))
    far = (np.array([0.0] * pieces + [1.0]), _find_far(program, index))
    longest = np.array([0.0] * pieces + [-1.0])
    found = optimise(program, longest, [on_line, of_limit, far], unlimited=1, without=index)
    return 0.0 if found is None else float(found[pieces])


def _find_far(program: Program, index: int) -> float:
    return FAR * max(1.0, abs(float(program.scaled.bounds[index])))
