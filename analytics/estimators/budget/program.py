"""The linear program behind an allocation, in units the solver likes.

Every channel is a row of pieces with falling slopes; every limit reads `row x amounts <= bound`.
Each channel's amounts, each row and the gains are divided by powers of two of their own (which
costs no digit), because the solver's tolerances are absolute: a channel that takes a thousand
counts no less than one that takes a billion, when it wins as much.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_array

from analytics.estimators.budget.checks import TOTAL, find_cap, label, start_at_zero
from analytics.estimators.budget.spec import BudgetSpec, Channel, LimitKind
from analytics.estimators.cells import Floats
from analytics.estimators.errors import DidNotConverge, UnboundedBudget, refuse

TOLERANCE = 1e-10
SIGNIFICANT_DIGITS = 14
NOTHING = 1e-9  # of the size of a channel or a limit: below this an amount is zero
SOLVED, OUT_OF_TIME, INFEASIBLE, UNBOUNDED = 0, 1, 2, 3
OPTIONS = {
    "primal_feasibility_tolerance": TOLERANCE,
    "dual_feasibility_tolerance": TOLERANCE,
}
STEP_OPTIONS = {"mip_rel_gap": 0.0, "time_limit": 20.0}

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


@dataclass(frozen=True)
class Piece:
    """A stretch of a channel's response: new customers per unit of money, up to `width`."""

    channel: int
    slope: float
    width: float


@dataclass(frozen=True)
class Solution:
    """Amounts by channel and new customers."""

    amounts: Floats
    objective: float


@dataclass(frozen=True)
class Scaled:
    """The program in units in which every coefficient and every amount lies near one.

    maximise gains x filled, where rows x filled <= bounds and 0 <= filled <= widths. A filled piece
    counts in `amount_sizes` of its channel, a row in `row_sizes`, gains in `gain_size`.
    """

    rows: Floats
    bounds: Floats
    gains: Floats
    widths: Floats
    amount_sizes: Floats
    row_sizes: Floats
    gain_size: float


@dataclass(frozen=True)
class Program:
    names: tuple[str, ...]
    pieces: tuple[Piece, ...]
    limits: tuple[Limit, ...]
    step: float | None

    @cached_property
    def spread(self) -> Floats:
        """Channels x pieces: which piece belongs to which channel."""
        owners = np.array([piece.channel for piece in self.pieces])
        return np.asarray(owners == np.arange(len(self.names))[:, None], dtype=np.float64)

    @cached_property
    def rows(self) -> Floats:
        """Limits x channels."""
        return np.array([limit.row for limit in self.limits]).reshape(-1, len(self.names))

    @cached_property
    def values(self) -> Floats:
        return np.array([limit.value for limit in self.limits])

    @cached_property
    def signs(self) -> Floats:
        return np.array([limit.sign for limit in self.limits])

    @cached_property
    def amount_sizes(self) -> Floats:
        """A power of two near the most each channel could get, as far as single limits tell."""
        bounding = (self.signs > 0) & (self.values > 0) & (self.rows >= 0).all(axis=1)
        rows, values = self.rows[bounding], self.values[bounding]
        with np.errstate(divide="ignore"):
            most = np.min(values[:, None] / rows, axis=0, initial=np.inf)
            reach = np.abs(self.values) / np.abs(self.rows).max(axis=1, initial=0.0)
        usual = float(np.max(reach, initial=self.step or 0.0))
        return np.array([round_to_power(one if np.isfinite(one) else usual) for one in most])

    @cached_property
    def row_sizes(self) -> Floats:
        return np.array([round_to_power(one) for one in self._weighted.max(axis=1, initial=0.0)])

    @cached_property
    def _weighted(self) -> Floats:
        return np.asarray(np.abs(self.rows) * self.amount_sizes)

    @cached_property
    def scaled(self) -> Scaled:
        of_piece = self.amount_sizes @ self.spread
        gains = np.array([piece.slope for piece in self.pieces]) * of_piece
        gain_size = round_to_power(float(gains.max()))
        factors = self.signs / self.row_sizes
        return Scaled(
            rows=(factors[:, None] * self.rows * self.amount_sizes) @ self.spread,
            bounds=factors * self.values,
            gains=gains / gain_size,
            widths=np.array([piece.width for piece in self.pieces]) / of_piece,
            amount_sizes=self.amount_sizes,
            row_sizes=self.row_sizes,
            gain_size=gain_size,
        )

    def move(self, index: int, value: float) -> "Program":
        """The same program with another value for one limit."""
        moved = replace(self.limits[index], value=value)
        return replace(self, limits=(*self.limits[:index], moved, *self.limits[index + 1 :]))

    def name_amounts(self, amounts: Floats) -> dict[str, float]:
        return {
            name: tidy(float(one), size)
            for name, one, size in zip(self.names, amounts, self.amount_sizes, strict=True)
        }

    def fill(self, amounts: Floats) -> Floats:
        """How far each piece is filled: a channel's pieces from the steepest on."""
        left = [float(amount) for amount in amounts]
        filled = np.zeros(len(self.pieces))
        for place, piece in enumerate(self.pieces):
            filled[place] = min(left[piece.channel], piece.width)
            left[piece.channel] -= filled[place]
        return filled

    def count_customers(self, amounts: Floats) -> float:
        """New customers of an allocation."""
        filled = self.fill(amounts)
        return math.fsum(one * piece.slope for one, piece in zip(filled, self.pieces, strict=True))

    def count_steps(self) -> tuple[Floats, Floats]:
        """The fewest and the most whole steps of each channel, as far as single limits tell.

        With these bounds branching ends soon where no whole steps keep all limits.
        """
        step, alone = self.step or 1.0, (self.rows != 0).sum(axis=1) == 1
        fewest, most = np.zeros(len(self.names)), np.full(len(self.names), np.inf)
        for row, value, sign, is_alone in zip(
            self.rows, self.values, self.signs, alone, strict=True
        ):
            if sign > 0 and value >= 0 and (row >= 0).all():
                used = row > 0
                most[used] = np.minimum(most[used], np.floor(value / row[used] / step + NOTHING))
            elif sign < 0 and is_alone and row.max() > 0:
                channel = int(row.argmax())
                steps = np.ceil(value / row[channel] / step - NOTHING)
                fewest[channel] = max(fewest[channel], steps)
        return fewest, most

    def measure_slack(self, amounts: Floats) -> Floats:
        """What is left of each limit, as a share of its size; negative where it is broken."""
        sizes = np.maximum(np.abs(self.values), self.row_sizes)
        return np.asarray(self.signs * (self.values - self.rows @ amounts) / sizes)

    def keeps_limits(self, amounts: Floats) -> bool:
        return bool((self.measure_slack(amounts) >= -NOTHING).all())


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
    filled = optimise(program, -program.scaled.gains)
    if filled is None:
        return None
    amounts = to_amounts(program, filled)
    flat = np.array([piece.slope == 0 for piece in program.pieces])
    if filled[flat].sum() > NOTHING:
        amounts = _save(program, amounts)
    return Solution(amounts, program.count_customers(amounts))


def _save(program: Program, amounts: Floats) -> Floats:
    """An equally good allocation that spends least: money that wins nobody stays in the till."""
    scaled = program.scaled
    as_good = (-scaled.gains, -program.count_customers(amounts) / scaled.gain_size)
    thrifty = optimise(program, weigh_spend(program), [as_good])
    return amounts if thrifty is None else to_amounts(program, thrifty)


def weigh_spend(program: Program) -> Floats:
    """What each piece adds to the spend, in units in which the largest channel counts one."""
    sizes = program.amount_sizes / program.amount_sizes.max()
    return np.asarray(sizes @ program.spread)


def to_amounts(program: Program, filled: Floats) -> Floats:
    amounts = (program.spread @ filled) * program.amount_sizes
    return np.round(amounts / program.step) * program.step if program.step else amounts


def optimise(
    program: Program, objective: Floats, extra: Rows = (), unlimited: int = 0, without: int = -1
) -> Floats | None:
    """Minimise over filled pieces (then `unlimited` further variables >= 0), in scaled units.

    `extra` rows, over all these variables, may not exceed their bound; the limit at `without` is
    left out. None where no allocation keeps the limits.
    """
    result = _run(program, objective, extra, unlimited, without)
    if result.status == OUT_OF_TIME:
        raise DidNotConverge([refuse("solver_stopped", message=str(result.message))])
    if result.status not in (SOLVED, INFEASIBLE, UNBOUNDED):  # presolve cannot always tell which
        possible = _run(program, np.zeros_like(objective), extra, unlimited, without)
        if possible.status not in (SOLVED, INFEASIBLE):
            raise DidNotConverge([refuse("solver_stopped", message=str(result.message))])
        result.status = UNBOUNDED if possible.status == SOLVED else INFEASIBLE
    if result.status == UNBOUNDED:
        raise UnboundedBudget([refuse("unbounded")])
    if result.status == INFEASIBLE:
        return None
    return np.asarray(result.x[: len(objective)], dtype=np.float64)


def find_marginals(program: Program) -> Floats:
    """The prices of the limits with which the solver ends, in scaled units, none below zero."""
    result = _run(program, -program.scaled.gains, (), 0, -1)
    return np.maximum(-np.asarray(result.ineqlin.marginals, dtype=np.float64), 0.0)


def _run(program: Program, objective: Floats, extra: Rows, unlimited: int, without: int) -> Any:
    scaled = program.scaled
    counts = len(program.names) if program.step else 0
    width = len(program.pieces) + unlimited + counts
    kept = np.arange(len(program.limits)) != without
    rows = np.vstack(
        [_widen(scaled.rows[kept], width), *(_widen(row[None, :], width) for row, _ in extra)]
    )
    whole = None
    if program.step:
        whole = np.zeros((counts, width))
        whole[:, : len(program.pieces)] = program.spread
        whole[:, width - counts :] = -np.diag(program.step / program.amount_sizes)
    fewest, most = program.count_steps() if counts else (np.zeros(0), np.zeros(0))
    if (fewest > most).any():
        return OptimizeResult(status=INFEASIBLE, x=None)
    lower = np.concatenate([np.zeros(width - counts), fewest])
    upper = np.concatenate([scaled.widths, np.full(unlimited, np.inf), most])
    return linprog(
        np.concatenate([objective, np.zeros(width - len(objective))]),
        A_ub=csr_array(rows) if len(rows) else None,
        b_ub=np.array([*scaled.bounds[kept], *(bound for _, bound in extra)]),
        A_eq=None if whole is None else csr_array(whole),
        b_eq=None if whole is None else np.zeros(counts),
        bounds=np.column_stack([lower, upper]),
        integrality=np.array([0] * (width - counts) + [1] * counts) if counts else None,
        method="highs",
        options=STEP_OPTIONS if counts else OPTIONS,
    )


def _widen(rows: Floats, width: int) -> Floats:
    return np.hstack([rows, np.zeros((len(rows), width - rows.shape[1]))])


def tidy(amount: float, size: float) -> float:
    """An amount without the solver's dust: what is next to nothing, and the last digits."""
    if abs(amount) <= NOTHING * size:
        return 0.0
    return float(f"{amount:.{SIGNIFICANT_DIGITS}g}")


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
