"""Standard errors: classical, HC3, and HAC when rows are ordered in time.

With Cov(b) = B S B' and B = `Fit.cover`, the three differ in S only: s^2 I, or a sum over rows of
Q-scores.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from statsmodels.stats.sandwich_covariance import S_hac_simple

from analytics.estimators.cells import Floats
from analytics.estimators.regression.fit import Design, Fit


@dataclass(frozen=True)
class Covariance:
    """The middle part S for the errors that intervals rest on."""

    kind: Literal["classical", "hac"]
    middle: Floats
    lags: int | None = None

    def list_errors(self, fit: Fit) -> Floats:
        """One standard error for each coefficient."""
        return list_errors(fit, self.middle)

    def estimate_mean_error(self, design: Design, point: Floats) -> float:
        """The standard error of the mean response at one row of column values."""
        z = design.standardise(point[None, :])[0]
        weights = solve_triangular(design.r, z, trans="T")
        return float(np.sqrt(weights @ self.middle @ weights))


def list_errors(fit: Fit, middle: Floats) -> Floats:
    variances = np.einsum("ij,jk,ik->i", fit.cover, middle, fit.cover)
    return np.asarray(np.sqrt(variances), dtype=np.float64)


def classical(design: Design, fit: Fit) -> Covariance:
    """S = s^2 I."""
    return Covariance("classical", np.eye(design.p) * fit.residual_sd**2)


def hc3(design: Design, fit: Fit) -> Floats:
    """S of MacKinnon and White (1985) as commonly computed: each e_i over 1 - h_i."""
    scores = design.q * (fit.residuals / (1 - fit.leverage))[:, None]
    return np.asarray(scores.T @ scores, dtype=np.float64)


def hac(design: Design, fit: Fit, order: NDArray[np.intp]) -> Covariance:
    """S of Newey and West (1987), eq. 5, Bartlett weights, with n / (n - p) for small samples.

    The number of lags is floor(4 (n / 100)^(2/9)), Newey and West (1994).
    """
    n, p = design.n, design.p
    lags = int(4 * (n / 100) ** (2 / 9))
    scores = (design.q * fit.residuals[:, None])[order]
    middle = np.asarray(S_hac_simple(scores, nlags=lags), dtype=np.float64) * n / (n - p)
    return Covariance("hac", middle, lags)
