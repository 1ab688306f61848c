"""What budgets and segments cost, in processor seconds: `python -m tests.benchmarks.estimators`.

Segments are set against scikit-learn's own k-means on the same points, with as many starts, in one
run.
"""

import random
import time
from collections.abc import Callable

import numpy as np
from sklearn.cluster import KMeans

from analytics.estimators.budget import BudgetSpec, Channel, Constraint, allocate_budget
from analytics.estimators.segmentation import SegmentationSpec, find_segments
from analytics.estimators.segmentation.choosing import STARTS_LARGE
from analytics.estimators.threads import on_one_thread

ROWS = 10_000
CENTRES = np.array([[0, 0, 0], [6, 0, 0], [0, 6, 3], [5, 5, -4]])


def measure(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def list_budgets() -> dict[str, BudgetSpec]:
    draw = random.Random(1)
    plain = tuple(Channel(f"c{k}", draw.uniform(1, 10), draw.uniform(1, 50)) for k in range(200))
    alike = tuple(Channel(f"c{k}", draw.choice([1, 2, 3]), 10 * (1 + k % 3)) for k in range(200))
    bare = tuple(Channel(f"c{k}", draw.uniform(1, 10)) for k in range(97))
    limits = tuple(
        Constraint(
            {f"c{k}": draw.choice([1, 1, -0.5, 0.8, 2.3]) for k in draw.sample(range(97), 7)},
            max=draw.uniform(10, 200),
        )
        for _ in range(56)
    )
    return {
        "200 channels": BudgetSpec("per_unit", 2_000, plain),
        "200 channels, many alike": BudgetSpec("per_unit", 2_000, alike),
        "200 channels, all full": BudgetSpec("per_unit", 4_000 - 20, alike),
        "97 channels, 56 limits": BudgetSpec("per_unit", 5_000, bare, limits),
        "40 channels in steps": BudgetSpec("per_unit", 60, alike[:40], step=1),
    }


def compare_with_kmeans(name: str, points: np.ndarray) -> None:
    scaled = (points - points.mean(axis=0)) / points.std(axis=0)
    table = {f"x{place}": column for place, column in enumerate(points.T)}

    @on_one_thread
    def fit(k: int) -> None:
        KMeans(k, n_init=STARTS_LARGE, random_state=0).fit(scaled)

    fit(4)
    one, all_of_them = (
        measure(lambda: fit(4)),
        sum(measure(lambda k=k: fit(k)) for k in range(2, 9)),
    )
    given = measure(lambda: find_segments(SegmentationSpec(tuple(table), k=4), table))
    chosen = measure(lambda: find_segments(SegmentationSpec(tuple(table)), table))
    print(f"{name}: k given {given:.2f} s, {given / one:.1f} x k-means ({one:.2f} s)")
    print(f"{name}: k chosen {chosen:.2f} s, {chosen / all_of_them:.1f} x k-means of 2 to 8")


if __name__ == "__main__":
    for budget, spec in list_budgets().items():
        print(f"{budget}: {measure(lambda spec=spec: allocate_budget(spec)):.2f} s")
    rng = np.random.default_rng(1)
    groups = CENTRES[rng.integers(4, size=ROWS)] + rng.normal(size=(ROWS, 3))
    compare_with_kmeans("four groups", groups)
    compare_with_kmeans("one cloud", rng.normal(size=(ROWS, 3)))
