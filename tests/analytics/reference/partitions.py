"""K-means by brute force: every way to put a few rows into k groups, in exact rationals.

Squared distances between standardised numbers are (x - y)^2 / variance, so no root is needed; two
different categories add 1/2 + 1/2 = 1.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction


def list_partitions(n: int, k: int) -> Iterator[list[int]]:
    """Labels of every partition of n rows into exactly k groups, each counted once."""

    def grow(labels: list[int], used: int) -> Iterator[list[int]]:
        if len(labels) == n:
            if used == k:
                yield labels
            return
        for label in range(min(used + 1, k)):
            yield from grow([*labels, label], max(used, label + 1))

    yield from grow([], 0)


def measure_distances(
    numbers: Sequence[Sequence[int]], categories: Sequence[Sequence[str]]
) -> list[list[Fraction]]:
    """Squared distances between all rows."""
    n = len((numbers or categories)[0])
    distances = [[Fraction(0)] * n for _ in range(n)]
    for column in numbers:
        mean = Fraction(sum(column), n)
        variance = sum((x - mean) ** 2 for x in column) / n
        for i in range(n):
            for j in range(n):
                distances[i][j] += Fraction(column[i] - column[j]) ** 2 / variance
    for column in categories:
        for i in range(n):
            for j in range(n):
                distances[i][j] += int(column[i] != column[j])
    return distances


def measure_inertia(distances: Sequence[Sequence[Fraction]], labels: Sequence[int]) -> Fraction:
    """Half the mean of all squared distances inside each group, times its size."""
    total = Fraction(0)
    for label in set(labels):
        members = [i for i, one in enumerate(labels) if one == label]
        inside = sum(distances[i][j] for i in members for j in members)
        total += inside / (2 * len(members))
    return total


def find_best(distances: Sequence[Sequence[Fraction]], k: int) -> tuple[Fraction, list[list[int]]]:
    """The least inertia of k groups, and every partition that reaches it."""
    all_labels = list(list_partitions(len(distances), k))
    inertia = [measure_inertia(distances, labels) for labels in all_labels]
    least = min(inertia)
    pairs = zip(all_labels, inertia, strict=True)
    return least, [labels for labels, one in pairs if one == least]


if __name__ == "__main__":
    ages, incomes = [25, 30, 35, 28, 32], [50, 70, 90, 60, 80]
    habits = ["often", "seldom", "often", "seldom", "often"]
    print(find_best(measure_distances([ages, incomes], [habits]), 3))
