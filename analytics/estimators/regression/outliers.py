"""Rows that do not fit the others, and cells whose decimal point seems to be in the wrong place.

Cook's distance finds rows that move the line. A slip in the response beside an ordinary spend moves
it little and still spoils everything: it shows in its own residual. A slip in a column draws the
line to itself and hides: it shows in the column.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from analytics.estimators.cells import Floats
from analytics.estimators.regression.fit import Design, Fit

LEVEL = 0.05
LEVEL_OF_RATIOS = 0.01  # logarithms are seldom normal
MOST_SHOWN = 20
LEAST_VALUES = 8
DOWN, UP = (0.1, 0.01, 0.001), (10.0,)
LEAST_SPREAD = 0.05  # of logarithms (five percent), below which values count as alike
WIDEST = np.log(10) / 3  # spread of logarithms at which a power of ten is three of them
UNUSUAL = 1.8  # standard deviations; amounts spread evenly from zero on stay within 1.73
NEAR = 3.0  # spreads from the others, once the slip is undone
BETTER = 0.5  # a corrected value at least halves the distance from what the other rows expect


@dataclass(frozen=True)
class Outlier:
    """A row (from 0) whose studentised residual is too large; `p` allows for looking at all."""

    row: int
    studentised: float
    p: float


@dataclass(frozen=True)
class Misplaced:
    """A cell (row from 0) that fits the others once multiplied by `factor`."""

    row: int
    column: str
    factor: float


def studentise(residuals: Floats, leverage: Floats, spare: int) -> Floats:
    """Residuals over their spread without the row itself: Cook and Weisberg (1982).

    `spare` are the degrees of freedom without a row. Infinite where the other rows lie exactly on
    a line; NaN where no row can be left out.
    """
    if spare < 1:
        return np.full(len(residuals), np.nan)
    rss = residuals @ residuals
    without = np.maximum(rss * (1 - leverage) - residuals**2, 0)
    without[without < 1e-16 * rss] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(residuals * np.sqrt(spare / without), dtype=np.float64)


def list_outliers(studentised: Floats, spare: int, level: float = LEVEL) -> list[Outlier]:
    """Rows too far off for the farthest of n (Bonferroni), the worst first.

    Cook and Weisberg (1982). Beyond MOST_SHOWN rows it is the scatter that is not normal.
    """
    if spare < 1:
        return []
    n, sizes = len(studentised), np.abs(studentised)
    rows = np.flatnonzero(sizes > -stdtrit(spare, level / (2 * n))).tolist()
    return [
        Outlier(row, float(studentised[row]), float(2 * n * stdtr(spare, -sizes[row])))
        for row in sorted(rows, key=lambda row: -sizes[row])[:MOST_SHOWN]
    ]


def find_misplaced(
    design: Design, fit: Fit, columns: Mapping[str, Floats], response: str, outliers: list[Outlier]
) -> list[Misplaced]:
    """Slips of the decimal point: in a column by itself, else in the response of a bad row."""
    found = [
        one
        for name, values in columns.items()
        if name != response
        for one in _search_column(name, values)
    ]
    explained = {one.row for one in found}
    suspects = {one.row for one in outliers}
    suspects |= _list_outliers_of_logarithm(design, columns[response])
    for row in sorted(suspects - explained):
        value = columns[response][row]
        expected = value - fit.residuals[row] / (1 - fit.leverage[row])
        factor = min((*DOWN, *UP), key=lambda one: abs(value * one - expected))
        if abs(value * factor - expected) <= BETTER * abs(value - expected):
            found.append(Misplaced(row, response, factor))
    return sorted(found, key=lambda one: one.row)


def _search_column(name: str, values: Floats) -> Iterator[Misplaced]:
    """Positive values too far from the others on a scale of ratios, and near after a slip undone.

    A value near zero is far off in ratios alone; and where the others themselves differ by powers
    of ten, one more is nothing unusual.
    """
    rows = np.flatnonzero(values > 0)
    if len(rows) < LEAST_VALUES:
        return
    standard = (values - values.mean()) / values.std()
    logarithms = np.log(values[rows])
    n = len(rows)
    distances = studentise(logarithms - logarithms.mean(), np.full(n, 1 / n), n - 2)
    for one in list_outliers(distances, n - 2, LEVEL_OF_RATIOS):
        others = np.delete(logarithms, one.row)
        spread = max(float(others.std(ddof=1)), LEAST_SPREAD)
        if abs(standard[rows[one.row]]) < UNUSUAL or spread > WIDEST:
            continue
        factors = DOWN if one.studentised > 0 else UP
        moved = np.abs(logarithms[one.row] + np.log(factors) - others.mean()) / spread
        if moved.min() < NEAR:
            yield Misplaced(int(rows[one.row]), name, factors[int(moved.argmin())])


def _list_outliers_of_logarithm(design: Design, response: Floats) -> set[int]:
    """A tenth is far off among ratios where among differences it is lost in the scatter."""
    if not design.has_intercept or response.min() <= 0:
        return set()
    logarithms = np.log(response)
    residuals = logarithms - design.q @ (design.q.T @ logarithms)
    leverage = np.einsum("ij,ij->i", design.q, design.q)
    spare = design.n - design.p - 1
    found = list_outliers(studentise(residuals, leverage, spare), spare, LEVEL_OF_RATIOS)
    return {one.row for one in found}
