"""Whether segments are found where there are some, and only there: simulated customers with a seed.

More rows than the judging looks at, so that what is tested is the judgement on draws.
How often each kind is told right stands in `segment_verdicts.md`, printed by

    python -m tests.analytics.reference.segment_verdicts
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from analytics.estimators.segmentation import SegmentationSpec, find_segments

Points = NDArray[np.float64]
ROWS = 6_000
DRAWS = 5
CENTRES = np.array([[0, 0, 0], [6, 0, 0], [0, 6, 3], [5, 5, -4]])


def scatter(shares: list[float]) -> Callable[[Generator], Points]:
    """Round groups around as many centres, with these shares of the rows."""

    def draw(rng: Generator) -> Points:
        groups = rng.choice(len(shares), size=ROWS, p=shares)
        return CENTRES[groups] + rng.normal(size=(ROWS, 3))

    return draw


KINDS: dict[str, tuple[int | None, Callable[[Generator], Points]]] = {
    "two groups": (2, scatter([0.5, 0.0, 0.0, 0.5])),
    "two groups, apart in one column of three": (2, scatter([0.5, 0.5])),
    "three groups, one small": (3, scatter([0.7, 0.22, 0.08])),
    "four groups": (4, scatter([0.25] * 4)),
    "one round cloud": (None, lambda rng: rng.normal(size=(ROWS, 3))),
    "an even box": (None, lambda rng: rng.uniform(size=(ROWS, 3))),
    "one long cloud": (
        None,
        lambda rng: rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=ROWS),
    ),
}


def find_k(kind: str, seed: int) -> int | None:
    points = KINDS[kind][1](np.random.default_rng(seed))
    table = {f"x{place}": column for place, column in enumerate(points.T)}
    return find_segments(SegmentationSpec(tuple(table), seed=seed), table).k


if __name__ == "__main__":
    print("# Simulated customers: number of segments chosen\n")
    print(f"Made by `segment_verdicts.py`, {ROWS} customers, {DRAWS} draws for each line.\n")
    print("| customers | true | chosen | right |")
    print("| --- | --- | --- | --- |")
    for kind, (expected, _draw) in KINDS.items():
        answers = [find_k(kind, seed) for seed in range(DRAWS)]
        right = sum(one == expected for one in answers)
        chosen = ", ".join(str(one or "none") for one in answers)
        print(f"| {kind} | {expected or 'none'} | {chosen} | {right} of {DRAWS} |", flush=True)
