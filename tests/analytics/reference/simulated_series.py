"""Series with a known truth: what the regression says of them, counted over many draws.

All chance comes from numpy's generator, seeded with the case, so that a table can be made again:

    python -m tests.analytics.reference.simulated_series > tests/analytics/reference/coverage.md
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.estimators.regression import RegressionSpec, estimate_regression

Floats = NDArray[np.float64]
SLOPE = 1.5
DRAWS = 500
SPEC = RegressionSpec("sales", ("spend",), period="month")


def spell_months(n: int) -> list[str]:
    return [f"{2020 + month // 12}-{month % 12 + 1:02d}" for month in range(n)]


def draw_left_overs(n: int, rho: float, rng: np.random.Generator) -> Floats:
    """AR(1) in its steady state with noise of one; a random walk from zero where rho is 1."""
    noise = rng.normal(size=n)
    if rho == 1:
        return np.cumsum(noise)
    noise[0] /= math.sqrt(1 - rho**2)
    for month in range(1, n):
        noise[month] += rho * noise[month - 1]
    return noise


@dataclass(frozen=True)
class Carried:
    """Spend and left-overs that carry over from month to month, each by its own share."""

    n: int
    of_sales: float
    of_spend: float

    def draw(self, rng: np.random.Generator) -> dict[str, object]:
        spend = 10 + draw_left_overs(self.n, self.of_spend, rng)
        sales = SLOPE * spend + draw_left_overs(self.n, self.of_sales, rng)
        return {"month": spell_months(self.n), "spend": spend, "sales": sales}


@dataclass(frozen=True)
class Shared:
    """Sales that ignore spend, though both grow and have the same season."""

    n: int
    of_sales: float = 0.0

    def draw(self, rng: np.random.Generator) -> dict[str, object]:
        month = np.arange(self.n)
        season = rng.normal(size=12)[month % 12]
        spend = 20 + 0.2 * month + 3 * season + rng.normal(size=self.n)
        sales = 100 + 0.5 * month + 8 * season + draw_left_overs(self.n, self.of_sales, rng)
        return {"month": spell_months(self.n), "spend": spend, "sales": sales}


@dataclass(frozen=True)
class Slipped:
    """Ordinary rows, one of which has the decimal point of one cell in the wrong place."""

    n: int
    column: str
    factor: float
    noise: float = 1.0

    def draw(self, rng: np.random.Generator) -> tuple[dict[str, Floats], int]:
        spend = rng.uniform(5, 10, self.n)
        table = {"spend": spend, "sales": 2 + SLOPE * spend + rng.normal(0, self.noise, self.n)}
        row = int(rng.integers(self.n))
        table[self.column][row] *= self.factor
        return table, row + 1


def seed_of(case: object) -> np.random.Generator:
    return np.random.default_rng(list(repr(case).encode()))


def measure_coverage(case: Carried, draws: int) -> float:
    """How often the 95 % interval of the slope holds the truth."""
    rng = seed_of(case)
    held = 0
    for _ in range(draws):
        low, high = estimate_regression(SPEC, case.draw(rng)).coefficients["spend"].ci95
        held += low <= SLOPE <= high
    return held / draws


def measure_claims(case: Shared, draws: int) -> float:
    """How often sales are said to move with, or against, a spend that they ignore."""
    rng = seed_of(case)
    claims = 0
    for _ in range(draws):
        found = estimate_regression(SPEC, case.draw(rng)).coefficients["spend"]
        claims += found.direction is not None
    return claims / draws


def measure_naming(case: Slipped, draws: int) -> float:
    """How often a finding names the row with the slip."""
    rng = seed_of(case)
    named = 0
    for _ in range(draws):
        table, row = case.draw(rng)
        result = estimate_regression(RegressionSpec("sales", ("spend",)), table)
        places = [
            place
            for finding in result.findings
            if finding.code in {"decimal_slip", "outlying_rows"}
            for place in finding.parameters["places"]
        ]
        named += str(row) in places
    return named / draws


COVERAGE = [
    Carried(n, of_sales, of_spend)
    for n in (24, 36, 60, 120)
    for of_sales in (0.0, 0.3, 0.6, 0.9, 1.0)
    for of_spend in (0.0, 0.9, 1.0)
]
CLAIMS = [Shared(n, of_sales) for n in (24, 36, 48, 60, 120) for of_sales in (0.0, 0.6)]
NAMING = [
    Slipped(n, column, factor, noise)
    for n in (12, 24, 60)
    for column in ("sales", "spend")
    for factor in (10.0, 0.1)
    for noise in (0.5, 2.0)
]


def list_lines(draws: int) -> Iterator[str]:
    """The tables as Markdown."""
    yield "# Simulated series: claimed against got\n"
    yield f"Made by `simulated_series.py`, {draws} draws for each line.\n"
    sections: list[tuple[str, list[str], list[object], Callable[..., float]]] = [
        (
            "95 % interval of the slope holds the truth (wanted: 90 % and more)",
            ["n", "of_sales", "of_spend"],
            list(COVERAGE),
            measure_coverage,
        ),
        (
            "A true zero beside shared trend and season is claimed (wanted: 7 % and less)",
            ["n", "of_sales"],
            list(CLAIMS),
            measure_claims,
        ),
        (
            "A slip by a power of ten is named with its row (wanted: 95 % and more)",
            ["n", "column", "factor", "noise"],
            list(NAMING),
            measure_naming,
        ),
    ]
    for title, keys, cases, measure in sections:
        yield f"## {title}\n"
        yield f"| {' | '.join(keys)} | share |"
        yield f"| {' | '.join(['---'] * len(keys))} | --- |"
        for case in cases:
            cells = [str(getattr(case, key)) for key in keys]
            yield f"| {' | '.join(cells)} | {100 * measure(case, draws):.1f} % |"
        yield ""


if __name__ == "__main__":
    for line in list_lines(DRAWS):
        print(line, flush=True)
