"""The linear program behind an allocation, in units the solver likes.

Every channel is a row of pieces with falling slopes; every limit reads `row x amounts <= bound`.
Amounts, slopes and rows are divided by powers of two (which costs no digit), because the solver's
tolerances are absolute.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import linprog

from analytics.estimators.budget.checks import TOTAL, find_cap, label, start_at_zero
from analytics.estimators.budget.spec import BudgetSpec, Channel, LimitKind
from analytics.estimators.cells import Floats
from analytics.estimators.errors import DidNotConverge, UnboundedBudget, refuse

TOLERANCE = 1e-10
SIGNIFICANT_DIGITS = 14
NOTHING = 1e-9  # of the largest amount: below this an amount is zero
SOLVED, INFEASIBLE, UNBOUNDED = 0, 2, 3
OPTIONS = {
    "primal_feasibility_tolerance": TOLERANCE,
    "dual_feasibility_tolerance": TOLERANCE,
}
STEP_OPTIONS = {"mip_rel_gap": 0.0}

Rows = Sequence[tuple[Floats, float]]


@dataclass(frozen=True)
class Limit:
    """One limit on the amounts: sign x (row x amounts) <= sign x value."""

    name: str
    kind: LimitKind
    row: Floats
    value: float

    @property
    def sign(self) -> float:
        return -1.0 if self.kind in ("floor", "min") else 1.0

    @property
    def size(self) -> float:
        """The power of two that brings the row's coefficients near one."""
        return round_to_power(float(np.abs(self.row).max()))


@dataclass(frozen=True)
class Piece:
    """A stretch of a channel's response: new customers per unit of money, up to `width`."""

    channel: int
    slope: float
    width: float


@dataclass(frozen=True)
class Solution:
    """Amounts by channel, new customers, and what one more of each limit's value would add."""

    amounts: Floats
    objective: float
    prices: Floats | None


@dataclass(frozen=True)
class Program:
    names: tuple[str, ...]
    pieces: tuple[Piece, ...]
    limits: tuple[Limit, ...]
    step: float | None

    @cached_property
    def scale(self) -> float:
        sizes = [abs(limit.value) / limit.size for limit in self.limits]
        return round_to_power(max([*sizes, self.step or 0.0]))

    @cached_property
    def slope_scale(self) -> float:
        return round_to_power(max(piece.slope for piece in self.pieces))

    @cached_property
    def spread(self) -> Floats:
        """Channels x pieces: which piece belongs to which channel."""
        owners = np.array([piece.channel for piece in self.pieces])
        return np.asarray(owners == np.arange(len(self.names))[:, None], dtype=np.float64)

    def move(self, index: int, value: float) -> "Program":
        """The same program with another value for one limit."""
        moved = replace(self.limits[index], value=value)
        return replace(self, limits=(*self.limits[:index], moved, *self.limits[index + 1 :]))

    def without(self, index: int) -> "Program":
        """The same program without one limit, measured in the same units."""
        rest = replace(self, limits=(*self.limits[:index], *self.limits[index + 1 :]))
        rest.__dict__["scale"] = self.scale
        return rest

    def name_amounts(self, amounts: Floats) -> dict[str, float]:
        return {name: self.tidy(float(one)) for name, one in zip(self.names, amounts, strict=True)}

    def tidy(self, amount: float) -> float:
        """An amount without the solver's dust in its last digits."""
        if abs(amount) <= NOTHING * self.scale:
            return 0.0
        return float(f"{amount:.{SIGNIFICANT_DIGITS}g}")

    def count_customers(self, amounts: Floats) -> float:
        """New customers of an allocation: each channel's pieces are filled from the steepest."""
        left = [float(amount) for amount in amounts]
        total = 0.0
        for piece in self.pieces:
            filled = min(left[piece.channel], piece.width)
            left[piece.channel] -= filled
            total += filled * piece.slope
        return total

    def keeps_limits(self, amounts: Floats) -> bool:
        slack = [limit.sign * (limit.value - limit.row @ amounts) for limit in self.limits]
        return all(
            one >= -NOTHING * self.scale * limit.size
            for one, limit in zip(slack, self.limits, strict=True)
        )


def build_program(spec: BudgetSpec) -> Program:
    names = tuple(channel.name for channel in spec.channels)
    each = np.eye(len(names))
    limits: list[Limit] = []
    if spec.total is not None:
        limits.append(Limit(TOTAL, "total", np.ones(len(names)), spec.total))
    for channel, row in zip(spec.channels, each, strict=True):
        cap = find_cap(channel)
        if cap is not None:
            limits.append(Limit(channel.name, "cap", row, cap))
        if channel.floor > 0:
            limits.append(Limit(f"floor:{channel.name}", "floor", row, channel.floor))
    for index, constraint in enumerate(spec.constraints):
        row = np.array([float(constraint.coefficients.get(name, 0.0)) for name in names])
        name = label(constraint, index)
        if constraint.max is not None:
            limits.append(Limit(f"{name}:max", "max", row, constraint.max))
        if constraint.min is not None:
            limits.append(Limit(f"{name}:min", "min", row, constraint.min))
    pieces = [
        piece for index, channel in enumerate(spec.channels) for piece in _cut(spec, channel, index)
    ]
    return Program(names, tuple(pieces), tuple(limits), spec.step)


def solve(program: Program) -> Solution | None:
    """The best allocation, or None where no allocation keeps all limits.

    Raises `UnboundedBudget` where nothing limits the spend.
    """
    pieces = len(program.pieces)
    objective = np.array([-piece.slope / program.slope_scale for piece in program.pieces])
    amounts, prices = optimise(program, objective)
    if amounts is None:
        return None
    found = program.spread @ amounts[:pieces]
    flat = np.array([piece.slope == 0 for piece in program.pieces])
    if amounts[:pieces][flat].sum() > NOTHING * program.scale:
        found = _save(program, objective, found)
    if prices is not None:
        sizes = np.array([limit.size for limit in program.limits])
        signs = np.array([limit.sign for limit in program.limits])
        prices = -prices[: len(sizes)] * signs * program.slope_scale / sizes
    return Solution(found, program.count_customers(found), prices)


def _save(program: Program, objective: Floats, found: Floats) -> Floats:
    """An equally good allocation that spends least: money that wins nobody stays in the till."""
    as_good = (objective, -program.count_customers(found) / program.slope_scale / program.scale)
    thrifty, _ = optimise(program, np.ones(len(objective)), [as_good])
    return found if thrifty is None else program.spread @ thrifty[: len(objective)]


def optimise(
    program: Program, objective: Floats, extra: Rows = (), unlimited: int = 0
) -> tuple[Floats | None, Floats | None]:
    """Minimise over pieces (then `unlimited` further variables >= 0) within the limits.

    `extra` rows, over all these variables in the solver's units, may not exceed their bound.
    Returns the variables in money (None where no allocation keeps the limits) and the marginals of
    the rows in the solver's units (None with steps).
    """
    result = _run(program, objective, extra, unlimited)
    if result.status not in (SOLVED, INFEASIBLE, UNBOUNDED):  # presolve cannot always tell which
        possible = _run(program, np.zeros_like(objective), extra, unlimited)
        if possible.status not in (SOLVED, INFEASIBLE):
            raise DidNotConverge([refuse("solver_stopped", message=str(result.message))])
        result.status = UNBOUNDED if possible.status == SOLVED else INFEASIBLE
    if result.status == UNBOUNDED:
        raise UnboundedBudget([refuse("unbounded")])
    if result.status == INFEASIBLE:
        return None, None
    found = np.asarray(result.x, dtype=np.float64) * program.scale
    if program.step:
        return found, None
    return found, np.asarray(result.ineqlin.marginals, dtype=np.float64)


def _run(program: Program, objective: Floats, extra: Rows, unlimited: int) -> Any:
    pieces = len(program.pieces)
    counts = len(program.names) if program.step else 0
    width = pieces + unlimited + counts
    rows = [
        (
            limit.sign * (limit.row @ program.spread) / limit.size,
            limit.sign * limit.value / limit.size / program.scale,
        )
        for limit in program.limits
    ]
    rows += extra
    equal = np.zeros((counts, width))
    if program.step:
        equal[:, :pieces] = program.spread
        equal[:, width - counts :] = -np.eye(counts) * (program.step / program.scale)
    return linprog(
        _widen(objective, width),
        A_ub=np.array([_widen(row, width) for row, _ in rows]) if rows else None,
        b_ub=np.array([bound for _, bound in rows]) if rows else None,
        A_eq=equal if counts else None,
        b_eq=np.zeros(counts) if counts else None,
        bounds=[(0, piece.width / program.scale) for piece in program.pieces]
        + [(0, None)] * (width - pieces),
        integrality=np.array([0] * (width - counts) + [1] * counts) if counts else None,
        method="highs",
        options=STEP_OPTIONS if counts else OPTIONS,
    )


def _widen(row: Floats, width: int) -> Floats:
    return np.concatenate([row, np.zeros(width - len(row))])


def _cut(spec: BudgetSpec, channel: Channel, index: int) -> list[Piece]:
    """The channel's pieces; the last one is endless (flat after a curve)."""
    if channel.curve:
        points = start_at_zero(channel.curve)
        pieces = [
            Piece(index, (high[1] - low[1]) / (high[0] - low[0]), high[0] - low[0])
            for low, high in pairwise(points)
        ]
        return [*pieces, Piece(index, 0.0, math.inf)]
    effect = channel.effect or 0.0
    if spec.unit == "at_cap":
        cap = find_cap(channel)
        effect = effect / cap if cap else 0.0
    return [Piece(index, effect, math.inf)]


def round_to_power(size: float) -> float:
    """The power of two at or just below a size (1 for zero)."""
    return math.ldexp(0.5, math.frexp(size)[1]) if size > 0 else 1.0
