"""Least squares in exact rationals: the normal equations by Gauss-Jordan on fractions.

Another route than the estimator's (no QR, no scaling, no floating point before the final square
roots), so agreement is evidence. Run as a script it prints the figures of the certified sets:
`python -m tests.analytics.reference.exact_least_squares`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

Rows = list[list[Fraction]]


@dataclass(frozen=True)
class Exact:
    """Exact squares; roots are taken with 50 digits when asked for."""

    estimates: list[Fraction]
    inverse: Rows
    residuals: list[Fraction]
    leverage: list[Fraction]
    rss: Fraction
    tss: Fraction
    variance: Fraction
    design: Rows

    @property
    def residual_sd(self) -> float:
        return root(self.variance)

    @property
    def r2(self) -> float:
        return float(1 - self.rss / self.tss)

    @property
    def r2_leave_one_out(self) -> float:
        pairs = zip(self.residuals, self.leverage, strict=True)
        return float(1 - sum((e / (1 - h)) ** 2 for e, h in pairs) / self.tss)

    @property
    def errors(self) -> list[float]:
        return [root(self.variance * row[i]) for i, row in enumerate(self.inverse)]

    @property
    def errors_hc3(self) -> list[float]:
        """(X'X)^-1 X' diag(e^2 / (1 - h)^2) X (X'X)^-1."""
        lines = [
            [sum(a * b for a, b in zip(inverse, row, strict=True)) for row in self.design]
            for inverse in self.inverse
        ]
        weights = [(e / (1 - h)) ** 2 for e, h in zip(self.residuals, self.leverage, strict=True)]
        return [root(sum(a * a * w for a, w in zip(line, weights, strict=True))) for line in lines]

    def mean_at(self, point: Sequence[Fraction]) -> Fraction:
        return sum(b * x for b, x in zip(self.estimates, point, strict=True))

    def variance_at(self, point: Sequence[Fraction]) -> Fraction:
        """Variance of the mean at a row of the design."""
        return self.variance * sum(
            x * c * y
            for x, row in zip(point, self.inverse, strict=True)
            for c, y in zip(row, point, strict=True)
        )


def solve_exactly(
    columns: Sequence[Sequence[str]], response: Sequence[str], *, intercept: bool
) -> Exact:
    """The figures are given as texts, so that 0.1 means one tenth."""
    y = [Fraction(text) for text in response]
    design = [
        [Fraction(1)] * intercept + [Fraction(column[i]) for column in columns]
        for i in range(len(y))
    ]
    width = len(design[0])
    normal = [[sum(row[i] * row[j] for row in design) for j in range(width)] for i in range(width)]
    inverse = invert(normal)
    moments = [sum(row[i] * one for row, one in zip(design, y, strict=True)) for i in range(width)]
    estimates = [sum(a * b for a, b in zip(row, moments, strict=True)) for row in inverse]
    residuals = [
        one - sum(a * b for a, b in zip(row, estimates, strict=True))
        for row, one in zip(design, y, strict=True)
    ]
    leverage = [
        sum(
            a * c * b
            for a, line in zip(row, inverse, strict=True)
            for c, b in zip(line, row, strict=True)
        )
        for row in design
    ]
    middle = sum(y) / len(y) if intercept else Fraction(0)
    rss = sum(e * e for e in residuals)
    return Exact(
        estimates=estimates,
        inverse=inverse,
        residuals=residuals,
        leverage=leverage,
        rss=rss,
        tss=sum((one - middle) ** 2 for one in y),
        variance=rss / (len(y) - width),
        design=design,
    )


def invert(matrix: Rows) -> Rows:
    """Gauss-Jordan with exact pivots."""
    n = len(matrix)
    work = [row[:] + [Fraction(int(i == j)) for j in range(n)] for i, row in enumerate(matrix)]
    for i in range(n):
        pivot = next(r for r in range(i, n) if work[r][i] != 0)
        work[i], work[pivot] = work[pivot], work[i]
        work[i] = [value / work[i][i] for value in work[i]]
        for r in range(n):
            if r != i and work[r][i] != 0:
                factor = work[r][i]
                work[r] = [a - factor * b for a, b in zip(work[r], work[i], strict=True)]
    return [row[n:] for row in work]


def root(value: Fraction) -> float:
    with localcontext() as context:
        context.prec = 50
        return float((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def main() -> None:
    from tests.analytics.reference.nist_sets import SETS

    for one in SETS:
        exact = solve_exactly(one.columns, one.response, intercept=one.intercept)
        print(one.name, [float(b) for b in exact.estimates], exact.errors, exact.residual_sd)


if __name__ == "__main__":
    main()
