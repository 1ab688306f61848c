"""K-means with many starts, and labels that do not depend on chance or on the order of rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from analytics.estimators.cells import Floats

Labels = NDArray[np.intp]
MAX_ITERATIONS = 500


@dataclass(frozen=True)
class Clustering:
    """Labels from the largest cluster (0) to the smallest, and the centres in that order."""

    labels: Labels
    centres: Floats
    inertia: float

    def predict(self, points: Floats) -> Labels:
        """The nearest centre of each point."""
        return find_nearest(points, self.centres)


def cluster(points: Floats, k: int, *, starts: int, seed: int) -> Clustering:
    """Lloyd's (1982) algorithm from `starts` k-means++ starts (Arthur and Vassilvitskii 2007)."""
    model = KMeans(k, n_init=starts, random_state=seed, tol=0, max_iter=MAX_ITERATIONS)
    return _renumber(points, model.fit(points))


def refine(points: Floats, centres: Floats) -> Clustering:
    """Lloyd's algorithm from given centres."""
    model = KMeans(len(centres), init=centres, n_init=1, tol=0, max_iter=MAX_ITERATIONS)
    return _renumber(points, model.fit(points))


def find_nearest(points: Floats, centres: Floats) -> Labels:
    squares = (centres**2).sum(axis=1)
    return np.asarray(np.argmin(squares - 2 * points @ centres.T, axis=1), dtype=np.intp)


def _renumber(points: Floats, model: KMeans) -> Clustering:
    """Number clusters by size; equal sizes by centre, coordinate by coordinate."""
    labels = np.asarray(model.labels_, dtype=np.intp)
    centres = np.asarray(model.cluster_centers_, dtype=np.float64)
    sizes = np.bincount(labels, minlength=len(centres))
    order = np.lexsort((*np.round(centres, 9).T[::-1], -sizes))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return Clustering(place[labels], centres[order], float(model.inertia_))
