"""Figures whose uncertainty is a mixture of Student's t: their means, intervals and tail areas.

With one component this is the ordinary t interval.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, stdtr, stdtrit

from analytics.estimators.cells import Floats

MOST_STEPS = 60  # of Newton's method inside a bracket; halvings alone would be done after fifty
SETTLED = 1e-13  # of an interval's half-width


@dataclass(frozen=True)
class Mixture:
    """k figures; component j of m has weight w_j, centres (k, m), scales (k, m) and df degrees."""

    weights: Floats
    centres: Floats
    scales: Floats
    df: int

    def means(self) -> Floats:
        return np.asarray(self.centres @ self.weights, dtype=np.float64)

    def spreads(self) -> Floats:
        """The standard error of an ordinary t; beyond one component, with their own spread."""
        apart = self.centres - self.means()[:, None]
        return np.asarray(np.sqrt((self.scales**2 + apart**2) @ self.weights), dtype=np.float64)

    def widen(self, noise: Floats) -> "Mixture":
        """With a scatter of its own added to each component, as for one new row."""
        return Mixture(self.weights, self.centres, np.hypot(self.scales, noise), self.df)

    def quantiles(self, share: float) -> Floats:
        """Where the mixture reaches `share`, for each figure."""
        margin = self.scales * stdtrit(self.df, share)
        ends = self.centres + margin
        if len(self.weights) == 1:
            return np.asarray(ends[:, 0], dtype=np.float64)
        low, high = ends.min(axis=1), ends.max(axis=1)  # every component has passed it here
        value = ends @ self.weights
        for _ in range(MOST_STEPS):
            excess = self.areas_below(value) - share
            low, high = np.where(excess < 0, value, low), np.where(excess < 0, high, value)
            step = excess / self._densities(value)
            moved = np.where((low < value - step) & (value - step < high), value - step, np.nan)
            moved = np.where(np.isnan(moved), (low + high) / 2, moved)
            has_settled = np.abs(moved - value) <= SETTLED * (np.abs(margin).max(axis=1))
            value = moved
            if has_settled.all():
                break
        return np.asarray(value, dtype=np.float64)

    def areas_below(self, values: Floats) -> Floats:
        """How much of the mixture lies below a value, for each figure."""
        distances = (values[:, None] - self.centres) / self.scales
        return np.asarray(stdtr(self.df, distances) @ self.weights, dtype=np.float64)

    def _densities(self, values: Floats) -> Floats:
        distances = (values[:, None] - self.centres) / self.scales
        height = np.exp(gammaln((self.df + 1) / 2) - gammaln(self.df / 2)) / np.sqrt(
            np.pi * self.df
        )
        shape = (1 + distances**2 / self.df) ** (-(self.df + 1) / 2)
        return np.asarray((height * shape / self.scales) @ self.weights, dtype=np.float64)

    def two_sided_p(self) -> Floats:
        """Twice the smaller tail beyond zero."""
        zero = np.zeros(len(self.centres))
        mirrored = Mixture(self.weights, -self.centres, self.scales, self.df)
        tails = np.minimum(self.areas_below(zero), mirrored.areas_below(zero))
        return np.asarray(np.minimum(2 * tails, 1.0), dtype=np.float64)
