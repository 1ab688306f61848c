"""Standard errors of least squares beside those the intervals rest on: HC3, and HAC in time.

With Cov(b) = B S B' and B = `Fit.cover`, they differ in S only: a sum over rows of Q-scores.
"""

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.sandwich_covariance import S_hac_simple

from analytics.estimators.cells import Floats
from analytics.estimators.regression.fit import Design, Fit


def list_errors(cover: Floats, middle: Floats) -> Floats:
    """One standard error for each row of B."""
    variances = np.einsum("ij,jk,ik->i", cover, middle, cover)
    return np.asarray(np.sqrt(variances), dtype=np.float64)


def hc3(design: Design, fit: Fit) -> Floats:
    """S of MacKinnon and White (1985) as commonly computed: each e_i over 1 - h_i."""
    scores = design.q * (fit.residuals / (1 - fit.leverage))[:, None]
    return np.asarray(scores.T @ scores, dtype=np.float64)


def count_hac_lags(n: int) -> int:
    """floor(4 (n / 100)^(2/9)): Newey and West (1994)."""
    return int(4 * (n / 100) ** (2 / 9))


def hac(design: Design, fit: Fit, order: NDArray[np.intp]) -> Floats:
    """S of Newey and West (1987), eq. 5, Bartlett weights, with n / (n - p) for small samples."""
    n, p = design.n, design.p
    scores = (design.q * fit.residuals[:, None])[order]
    middle = S_hac_simple(scores, nlags=count_hac_lags(n))
    return np.asarray(middle, dtype=np.float64) * n / (n - p)
