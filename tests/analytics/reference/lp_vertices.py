"""Linear programs by brute force: every vertex, in exact rationals.

A bounded program has its best value at a vertex, where as many limits hold with equality as there
are variables. All such choices are solved and the best feasible one is kept: no simplex, no
floating point.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

Row = tuple[list[Fraction], Fraction]  # coefficients x amounts <= bound


def list_rows(
    total: object, channels: Sequence[dict[str, object]], extra: Sequence[Row] = ()
) -> list[Row]:
    """Total, caps and floors as rows."""
    n = len(channels)
    rows: list[Row] = [([Fraction(1)] * n, Fraction(total))] if total is not None else []
    for i, channel in enumerate(channels):
        unit = [Fraction(int(i == j)) for j in range(n)]
        rows.append((unit, Fraction(channel["cap"])))
        rows.append(([-one for one in unit], -Fraction(channel.get("floor", 0))))
    return [*rows, *extra]


def maximise(
    effects: Sequence[object], rows: Sequence[Row]
) -> tuple[Fraction, list[list[Fraction]]] | None:
    """The best value and every vertex that reaches it; None if nothing is feasible."""
    weights = [Fraction(effect) for effect in effects]
    found: dict[tuple[Fraction, ...], Fraction] = {}
    for chosen in combinations(rows, len(weights)):
        point = solve([row[:] for row, _ in chosen], [bound for _, bound in chosen])
        if point is not None and all(dot(row, point) <= bound for row, bound in rows):
            found[tuple(point)] = dot(weights, point)
    if not found:
        return None
    best = max(found.values())
    return best, [list(point) for point, value in found.items() if value == best]


def solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction] | None:
    n = len(matrix)
    work = [[*row, bound] for row, bound in zip(matrix, right, strict=True)]
    for i in range(n):
        pivot = next((r for r in range(i, n) if work[r][i] != 0), None)
        if pivot is None:
            return None
        work[i], work[pivot] = work[pivot], work[i]
        work[i] = [value / work[i][i] for value in work[i]]
        for r in range(n):
            if r != i and work[r][i] != 0:
                factor = work[r][i]
                work[r] = [a - factor * b for a, b in zip(work[r], work[i], strict=True)]
    return [row[n] for row in work]


def dot(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(one, other, strict=True)), Fraction(0))


if __name__ == "__main__":
    example = [{"cap": 30}, {"cap": 20}, {"cap": 10}]
    print(maximise([10, 8, 5], list_rows(60, example)))
