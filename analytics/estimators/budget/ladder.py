"""The best allocation at other totals: who is cut first, and where the split turns."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from analytics.estimators.budget.prices import find_slopes
from analytics.estimators.budget.program import NOTHING, Program, Solution, solve, tidy
from analytics.estimators.budget.spec import Rung

LADDER = tuple(share / 10 for share in range(13))
MOST_TURNS = 60  # more bends than a chart can show
SAME = 1e-9


@dataclass(frozen=True)
class _Place:
    """The best at one total, and what one unit less and one more is worth there."""

    value: float
    best: Solution
    less: float | None
    more: float | None

    @property
    def is_bend(self) -> bool:
        return (
            self.less is not None and self.more is not None and not _are_alike(self.less, self.more)
        )


def climb(program: Program, best: Solution) -> Iterator[Rung]:
    """The best allocation at 0 to 120 % of the total, and who gets less than at 100 %."""
    total = _find_total(program)
    if total is None:
        return
    for share in LADDER:
        at = best if share == 1 else solve(program.move(0, total * share))
        yield _describe(program, best, total, total * share, at)


def find_turns(program: Program, best: Solution) -> Iterator[Rung]:
    """The totals up to 120 % from which on money goes elsewhere: where the best result bends.

    With whole steps there are none: every step is a turn.
    """
    total = _find_total(program)
    if not total or program.step:
        return
    shares = (LADDER[0], 1.0, LADDER[-1])
    known = [place for share in shares if (place := _visit(program, total * share))]
    for place in _bend(program, known):
        yield _describe(program, best, total, place.value, place.best)


def _find_total(program: Program) -> float | None:
    is_given = bool(program.limits) and program.limits[0].kind == "total"
    return program.limits[0].value if is_given else None


def _describe(
    program: Program, best: Solution, total: float, value: float, at: Solution | None
) -> Rung:
    share = value / total if total else 0.0
    spelt = tidy(value, total)
    if at is None:
        return Rung(share, spelt, None, None, ())
    less = best.amounts - at.amounts > NOTHING * program.amount_sizes
    return Rung(
        share=share,
        total=spelt,
        allocation=program.name_amounts(at.amounts),
        objective=float(f"{at.objective:.14g}"),
        cut=tuple(name for name, is_cut in zip(program.names, less, strict=True) if is_cut),
    )


def _visit(program: Program, value: float) -> _Place | None:
    moved = program.move(0, value)
    best = solve(moved)
    return None if best is None else _Place(value, best, *find_slopes(moved, best, 0))


def _bend(program: Program, known: list[_Place]) -> list[_Place]:
    """The places at which the best result bends.

    The lines from both sides of a gap meet on the best result where it bends once between them,
    and above it where it bends more often: Eisner and Severance, Journal of the ACM 23 (1976).
    """
    gaps, turns = list(pairwise(known)), [place for place in known if place.is_bend]
    for _ in range(MOST_TURNS):
        if not gaps:
            break
        low, high = gaps.pop(0)
        value = _meet(low, high)
        middle = None if value is None else _visit(program, value)
        if middle is not None:
            turns += [middle] if middle.is_bend else []
            gaps += [(low, middle), (middle, high)]
    return sorted(turns, key=lambda place: place.value)


def _meet(low: _Place, high: _Place) -> float | None:
    """Where the lines from both sides meet; None where V runs straight."""
    rising, flatter = low.more, high.less
    if rising is None or flatter is None or _are_alike(rising, flatter):
        return None
    gain = high.best.objective - low.best.objective
    value = (gain + rising * low.value - flatter * high.value) / (rising - flatter)
    margin = SAME * max(abs(low.value), abs(high.value))
    return value if low.value + margin < value < high.value - margin else None


def _are_alike(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=SAME, abs_tol=0.0)
