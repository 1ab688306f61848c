"""How many segments, and whether there are any: silhouette, gap and bootstrap stability."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from sklearn.metrics import silhouette_score

from analytics.estimators.cells import Floats
from analytics.estimators.segmentation.clustering import Clustering, Labels, cluster
from analytics.estimators.segmentation.encoding import Space
from analytics.estimators.segmentation.spec import Candidate

SAMPLE_SIZE = 5_000
JUDGED_SIZE = 1_000  # rows of each bootstrap draw, of each reference draw, and of the silhouette
MOST_SEGMENTS = 8
STARTS = 50
STARTS_LARGE = 10  # from LARGE rows on
STARTS_AGAIN = 3  # for each bootstrap or reference draw
LARGE = 1_000
DRAWS = 20  # bootstrap draws, and as many reference draws
DRAWS_LARGE = 10  # from LARGE rows on, where draws differ less
STABLE = 0.8
GAP_ERRORS = 2.0
PURPOSES = ("fit", "bootstrap", "reference", "sample")


@dataclass(frozen=True)
class Assessment:
    """One number of segments, how it groups the sample, and whether the groups are real.

    `is_stable`: they come back in other draws; `is_real`: and they beat draws without groups.
    """

    candidate: Candidate
    clustering: Clustering
    is_stable: bool
    is_real: bool


def draw_sample(space: Space, seed: int) -> NDArray[np.intp]:
    """Up to 5,000 places of the space's rows, in proportion to their spread.

    Rows are sorted by category, then along the widest direction; every n-th from a seeded start
    is taken, which stratifies by all of these at once (Cochran, Sampling Techniques, 1977, ch. 8).
    """
    n = len(space.points)
    if n <= SAMPLE_SIZE:
        return np.arange(n)
    numbers = [block.points[:, 0] for block in space.blocks if block.kind != "categorical"]
    codes = [block.values for block in space.blocks if block.kind == "categorical"]
    along = _project(np.column_stack(numbers)) if numbers else np.zeros(n)
    order = np.lexsort((along, *codes))
    start = _rng(seed, 0, "sample").random()
    places = np.floor((start + np.arange(SAMPLE_SIZE)) * n / SAMPLE_SIZE).astype(np.intp)
    return np.sort(order[places])


def assess(
    space: Space, sample: NDArray[np.intp], ks: Iterable[int], seed: int
) -> list[Assessment]:
    """Each number of segments on the sample.

    Groups are sought in the whole sample; whether they are real is judged on up to 1,000 of its
    rows, in draws of that size. Smaller draws are grouped less alike, so this errs on the side of
    "not stable".
    """
    points = space.points[sample]
    places = np.floor(np.arange(_judged(len(points))) * len(points) / _judged(len(points)))
    judged = sample[places.astype(np.intp)]
    reference = _Reference.build(space, judged, _count_draws(len(points)))
    alone = reference.measure_gap(1, seed)
    return [_assess_one(points, reference, k, alone, seed) for k in ks]


def _judged(n: int) -> int:
    return min(n, JUDGED_SIZE)


def _count_draws(n: int) -> int:
    return DRAWS if n <= LARGE else DRAWS_LARGE


def choose(assessments: list[Assessment]) -> Assessment | None:
    """The clearest of the real ones by silhouette; None: there are no stable segments."""
    real = [one for one in assessments if one.is_real]
    return max(real, key=lambda one: one.candidate.silhouette or 0.0, default=None)


def _assess_one(
    points: Floats, reference: "_Reference", k: int, alone: tuple[float, float] | None, seed: int
) -> Assessment:
    starts = STARTS if len(points) <= LARGE else STARTS_LARGE
    found = cluster(points, k, starts=starts, seed=_number(seed, k, "fit"))
    gap = reference.measure_gap(k, seed, found if len(points) <= JUDGED_SIZE else None)
    stability = _measure_stability(points, found, seed)
    silhouette = _measure_silhouette(points, found)
    candidate = Candidate(
        k=k,
        inertia=found.inertia,
        silhouette=silhouette,
        gap=gap[0] if gap else None,
        gap_se=gap[1] if gap else None,
        stability=stability,
    )
    is_stable = stability is not None and stability >= STABLE and silhouette is not None
    return Assessment(candidate, found, is_stable, is_stable and _beats_chance(gap, alone))


def _beats_chance(gap: tuple[float, float] | None, alone: tuple[float, float] | None) -> bool:
    """Whether the gap at k exceeds the gap of one group by more than its error.

    Without any distance left inside the groups the gap is infinite, so there is no figure.
    """
    if gap is None or alone is None:
        return True
    return gap[0] - alone[0] > GAP_ERRORS * sqrt(gap[1] ** 2 + alone[1] ** 2)


def _measure_silhouette(points: Floats, found: Clustering) -> float | None:
    """Of every n-th row, because each is compared with all others."""
    kept = np.floor(np.arange(_judged(len(points))) * len(points) / _judged(len(points)))
    places = kept.astype(np.intp)
    labels = found.labels[places]
    if not 2 <= len(np.unique(labels)) < len(labels):
        return None
    return float(silhouette_score(points[places], labels))


def _measure_stability(points: Floats, found: Clustering, seed: int) -> float | None:
    """Mean adjusted Rand index (Hubert and Arabie 1985, eq. 5) over bootstrap draws.

    Each draw is grouped afresh and all rows are put with its nearest centre: Fang and Wang,
    Selection of the number of clusters via the bootstrap method (2012).
    """
    k = len(found.centres)
    if k < 2:
        return None
    rng = _rng(seed, k, "bootstrap")
    indices: list[float] = []
    for _ in range(_count_draws(len(points))):
        drawn = points[np.sort(rng.integers(len(points), size=_judged(len(points))))]
        start = int(rng.integers(2**31))
        if _has_at_most(drawn, k - 1):
            continue
        again = cluster(drawn, k, starts=STARTS_AGAIN, seed=start)
        indices.append(compare(found.labels, again.predict(points)))
    return float(np.mean(indices)) if indices else None


def compare(one: Labels, other: Labels) -> float:
    """The adjusted Rand index (Hubert and Arabie 1985, eq. 5): 1 alike, about 0 by chance."""
    width = int(other.max()) + 1
    both = np.bincount(one * width + other).astype(np.float64)
    pairs, rows, columns = (
        float((counts * (counts - 1) / 2).sum())
        for counts in (both, np.bincount(one), np.bincount(other))
    )
    expected = rows * columns / (len(one) * (len(one) - 1) / 2)
    most = (rows + columns) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)


@dataclass(frozen=True)
class _Reference:
    """Draws that share the sample's spread but have no groups.

    Numbers are uniform in the box along the principal axes (Tibshirani, Walther and Hastie 2001,
    their choice b); categories and levels are drawn from their own column, so only how the
    columns go together is lost.
    """

    points: Floats
    numbers: NDArray[np.intp]
    axes: Floats
    centre: Floats
    low: Floats
    high: Floats
    others: tuple[slice, ...]
    draws: int

    @classmethod
    def build(cls, space: Space, judged: NDArray[np.intp], draws: int) -> "_Reference":
        slices = space.slices()
        kinds = [block.kind for block in space.blocks]
        numbers = np.array(
            [one.start for one, kind in zip(slices, kinds, strict=True) if kind == "numeric"],
            dtype=np.intp,
        )
        others = tuple(one for one, kind in zip(slices, kinds, strict=True) if kind != "numeric")
        whole = space.points[judged]
        points = whole[:, numbers]
        if not numbers.size:
            nothing = np.zeros(0)
            return cls(whole, numbers, np.zeros((0, 0)), nothing, nothing, nothing, others, draws)
        centre = points.mean(axis=0)
        _, _, axes = np.linalg.svd(points - centre, full_matrices=False)
        turned = (points - centre) @ axes.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        return cls(whole, numbers, axes, centre, low, high, others, draws)

    def measure_gap(
        self, k: int, seed: int, found: Clustering | None = None
    ) -> tuple[float, float] | None:
        """Gap and its error: Tibshirani et al. (2001), eq. 3, with its error s_k.

        `found` is the grouping of these very points into k, where there is one already.
        """
        rng = _rng(seed, k, "reference")
        logs = []
        for _ in range(self.draws):
            drawn = self._draw(rng)
            start = int(rng.integers(2**31))
            if k > 1 and _has_at_most(drawn, k):
                return None
            logs.append(log(_group(drawn, k, start)))
        inertia = found.inertia if found else _group(self.points, k, _number(seed, k, "fit"))
        if inertia <= 1e-12 * _inertia(self.points):
            return None
        spread = float(np.std(logs)) * sqrt(1 + 1 / self.draws)
        return float(np.mean(logs)) - log(inertia), spread

    def _draw(self, rng: Generator) -> Floats:
        drawn = np.empty_like(self.points)
        n = len(drawn)
        if self.numbers.size:
            box = rng.uniform(self.low, self.high, size=(n, len(self.low)))
            drawn[:, self.numbers] = box @ self.axes + self.centre
        for block in self.others:
            drawn[:, block] = self.points[rng.permutation(n), block]
        return drawn


def _has_at_most(points: Floats, k: int) -> bool:
    """Whether no more than k rows differ; mostly the first few tell."""
    few = points[: 10 * k + 10]
    return len(np.unique(few, axis=0)) <= k and len(np.unique(points, axis=0)) <= k


def _group(points: Floats, k: int, seed: int) -> float:
    """The inertia of k groups."""
    if k == 1:
        return _inertia(points)
    return cluster(points, k, starts=STARTS_AGAIN, seed=seed).inertia


def _inertia(points: Floats) -> float:
    return float(((points - points.mean(axis=0)) ** 2).sum())


def _project(numbers: Floats) -> Floats:
    centred = numbers - numbers.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ directions[:, -1], dtype=np.float64)


def _rng(seed: int, k: int, purpose: str) -> Generator:
    """A stream of its own for every use, so that a k is judged alike alone or among others."""
    return default_rng([seed, k, PURPOSES.index(purpose)])


def _number(seed: int, k: int, purpose: str) -> int:
    return int(_rng(seed, k, purpose).integers(2**31))
