"""All prices that prove an allocation the best one: the optimal face of the dual program.

With the rows and pieces that are used up (complementary slackness) a dual is optimal when it is not
negative, prices every partly filled piece at exactly its gain, every empty one at no less, and
every full one at no more. Mostly there is one such dual only; where more limits meet than there are
pieces between them, the least and the most of each price are found by small linear programs.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space
from scipy.optimize import linprog

from analytics.estimators.budget.program import (
    OPTIONS,
    SOLVED,
    Program,
    Scaled,
    Solution,
    find_marginals,
)
from analytics.estimators.cells import Floats

USED_UP = (1e-9, 1e-8, 1e-7, 1e-10)  # slack at which a limit or piece counts as used up, by try
RIGHT = 1e-7  # how far a dual may be from pricing each piece at its gain
NO_PRICE = 1e-11  # of the largest gain: below it a limit is worth nothing
FREE = 1e-9  # how near to its gain the price of a piece must be for it to be filled or not

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Duals:
    """For each limit the optimal dual with its least price, and with its most.

    Duals are in scaled units. None: the price has no end, because the limit cannot be moved that
    way. A limit with slack has price zero in all of them.
    """

    scaled: Scaled
    filled: Floats
    least: list[Floats | None]
    most: list[Floats | None]

    @cached_property
    def is_unique(self) -> bool:
        """Whether no other allocation wins as much: the middle dual leaves pieces no freedom."""
        known = [dual for dual in (*self.least, *self.most) if dual is not None]
        middle = np.mean(known, axis=0) if known else np.zeros(len(self.scaled.bounds))
        rows, pieces = self._support(middle)
        part = self.scaled.rows[np.ix_(rows, pieces)]
        return (
            bool(np.linalg.matrix_rank(part, tol=RIGHT) == pieces.sum())
            if part.size
            else not (pieces.any())
        )

    def measure_reach(self, dual: Floats, index: int, forward: float) -> float | None:
        """How far this dual stays optimal when the limit's bound moves; None: not told here.

        The ratio test of the simplex method, where the dual belongs to a single basis.
        """
        rows, pieces = self._support(dual)
        if not rows[index] or rows.sum() != pieces.sum():
            return None
        basis = self.scaled.rows[np.ix_(rows, pieces)]
        if np.linalg.matrix_rank(basis, tol=RIGHT) < len(basis):
            return None
        move = np.zeros(len(self.filled))
        towards = (np.flatnonzero(rows) == index) * forward
        move[pieces] = np.linalg.solve(basis, towards)
        changes = np.concatenate([move, -move, -(self.scaled.rows @ move)[~rows]])
        left = np.concatenate(
            [
                self.filled,
                self.scaled.widths - self.filled,
                (self.scaled.bounds - self.scaled.rows @ self.filled)[~rows],
            ]
        )
        shrinking = (changes < -NO_PRICE) & np.isfinite(left)
        reach = float(np.min(left[shrinking] / -changes[shrinking], initial=np.inf))
        return reach if reach > RIGHT else None

    def _support(self, dual: Floats) -> tuple[Flags, Flags]:
        """The rows this dual prices, and the pieces it leaves free to be filled or not."""
        rows = dual > NO_PRICE
        pieces = np.abs(self.scaled.rows.T @ dual - self.scaled.gains) <= FREE
        return rows, pieces


def find_duals(program: Program, best: Solution, only: int | None = None) -> Duals:
    """The optimal duals; with `only` the least and most of that one limit's price.

    Where nearly contradictory limits leave it open which of them are used up, the one dual the
    solver ended with stands for all.
    """
    scaled = program.scaled
    filled = program.fill(best.amounts) / (program.amount_sizes @ program.spread)
    limits = range(len(scaled.bounds))
    faces = (_Face.build(scaled, filled, used_up) for used_up in USED_UP)
    face = next((face for face in faces if face is not None), None)
    if face is None:
        dual = find_marginals(program)
        return Duals(scaled, filled, [dual for _ in limits], [dual for _ in limits])
    asked = limits if only is None else [only]
    pairs = {index: face.find_extremes(index) for index in asked}
    found = [pairs.get(index, (None, None)) for index in limits]
    return Duals(scaled, filled, [one for one, _ in found], [one for _, one in found])


@dataclass(frozen=True)
class _Face:
    """Duals `start + free @ t`, for every t that keeps `margins @ t >= -left`."""

    tight: NDArray[np.intp]
    size: int
    start: Floats
    free: Floats
    margins: Floats
    left: Floats

    @classmethod
    def build(cls, scaled: Scaled, filled: Floats, used_up: float) -> "_Face | None":
        """None where no dual fits the rows and pieces that count as used up."""
        slack = scaled.bounds - scaled.rows @ filled
        sizes = np.maximum(np.abs(scaled.bounds), 1.0)
        tight = np.flatnonzero(slack <= used_up * sizes)
        empty, full = filled <= used_up, scaled.widths - filled <= used_up
        between = ~empty & ~full
        rows = scaled.rows[tight]
        solved = np.linalg.lstsq(rows[:, between].T, scaled.gains[between])
        start = np.asarray(solved[0], dtype=np.float64)
        is_open = not between.any() or not tight.size
        free = np.eye(len(tight)) if is_open else null_space(rows[:, between].T)
        only_empty, only_full = empty & ~full, full & ~empty
        margins = np.vstack([free, rows[:, only_empty].T @ free, -rows[:, only_full].T @ free])
        left = np.concatenate(
            [
                start,
                rows[:, only_empty].T @ start - scaled.gains[only_empty],
                scaled.gains[only_full] - rows[:, only_full].T @ start,
            ]
        )
        face = cls(tight, len(scaled.bounds), start, free, margins, left)
        fits = np.abs(rows[:, between].T @ start - scaled.gains[between]) <= RIGHT
        return face if fits.all() and face._is_possible() else None

    def find_extremes(self, index: int) -> tuple[Floats | None, Floats | None]:
        """The dual with the least, and the one with the most, of a limit's price."""
        place = np.flatnonzero(self.tight == index)
        if not place.size or not self.free.shape[1] or not _any(self.free[place[0]]):
            middle = self._widen(self._middle)
            return middle, middle
        direction = self.free[place[0]]
        return self._push(direction), self._push(-direction)

    def _is_possible(self) -> bool:
        return self._middle is not None

    @cached_property
    def _middle(self) -> Floats | None:
        """Any dual of the face."""
        if not self.free.shape[1]:
            return self.start if (self.left >= -RIGHT).all() else None
        return self._solve(np.zeros(self.free.shape[1]))

    def _push(self, direction: Floats) -> Floats | None:
        return self._widen(self._solve(direction))

    def _solve(self, direction: Floats) -> Floats | None:
        if self.free.shape[1] == 1:
            return self._walk(float(direction[0]))
        result = linprog(
            direction,
            A_ub=-self.margins,
            b_ub=np.maximum(self.left, 0.0) if (self.left >= -RIGHT).all() else self.left,
            bounds=(None, None),
            method="highs",
            options=OPTIONS,
        )
        if result.status != SOLVED:
            return None
        return np.asarray(self.start + self.free @ result.x, dtype=np.float64)

    def _walk(self, direction: float) -> Floats | None:
        """The same along a line: up to the first margin that ends it; None: without end."""
        slopes = self.margins[:, 0]
        lower, upper = slopes > NO_PRICE, slopes < -NO_PRICE
        low = float(np.max(-self.left[lower] / slopes[lower], initial=-np.inf))
        high = float(np.min(-self.left[upper] / slopes[upper], initial=np.inf))
        if low > high + RIGHT:
            return None
        if direction == 0:  # any will do
            step = low if np.isfinite(low) else high if np.isfinite(high) else 0.0
        else:
            step = low if direction > 0 else high
        return np.asarray(self.start + self.free[:, 0] * step) if np.isfinite(step) else None

    def _widen(self, dual: Floats | None) -> Floats | None:
        if dual is None:
            return None
        whole = np.zeros(self.size)
        whole[self.tight] = np.maximum(dual, 0.0)
        return whole


def _any(row: Floats) -> bool:
    return bool((np.abs(row) > NO_PRICE).any())
