"""Checks of what least squares assumes: each returns None where the data do not allow it.

Everything is a projection on the orthonormal Q of the design, so collinearity costs no digits.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.stattools import durbin_watson

from analytics.estimators.cells import Floats
from analytics.estimators.regression.fit import Design, Fit
from analytics.estimators.regression.outliers import Outlier, list_outliers, studentise
from analytics.estimators.regression.spec import Diagnostics, InfluentialRow, OutlyingRow

NEGLIGIBLE = 1e-8  # part of a column that the design does not already explain
RESET_POWERS = (2, 3)
INFLUENTIAL_SHOWN = 20


def diagnose(design: Design, fit: Fit, order: NDArray[np.intp] | None) -> Diagnostics:
    """All checks. Rows count as ordered in time as `order` says, else as they stand."""
    if fit.is_exact:
        return _describe_exact(design, fit)
    residuals, q = fit.residuals, design.q
    if order is not None:
        residuals, q = residuals[order], q[order]
    spare = design.n - design.p - 1
    studentised = studentise(fit.residuals, fit.leverage, spare)
    cook = measure_cook(design, fit)
    threshold = float(stats.f.ppf(0.5, design.p, design.n - design.p))
    rows = sorted(np.flatnonzero(cook > threshold).tolist(), key=lambda row: -cook[row])
    return Diagnostics(
        condition=design.condition,
        durbin_watson=float(durbin_watson(residuals)),
        breusch_godfrey_p=compute_breusch_godfrey(q, residuals),
        breusch_pagan_p=compute_breusch_pagan(design, fit),
        reset_p=compute_reset(design, fit),
        max_leverage=float(fit.leverage.max()),
        max_cook=float(cook.max()),
        influential=tuple(
            InfluentialRow(
                row=row + 1,
                leverage=float(fit.leverage[row]),
                studentised_residual=float(studentised[row]),
                cook=float(cook[row]),
            )
            for row in rows[:INFLUENTIAL_SHOWN]
        ),
        outlying=tuple(map(_describe_outlier, list_outliers(studentised, spare))),
        leverage=tuple(fit.leverage.tolist()),
        studentised_residuals=tuple(studentised.tolist()),
        cook=tuple(cook.tolist()),
    )


def _describe_outlier(found: Outlier) -> OutlyingRow:
    return OutlyingRow(found.row + 1, found.studentised, found.p)


def measure_cook(design: Design, fit: Fit) -> Floats:
    """How far all estimates move without a row: Cook (1977)."""
    h = fit.leverage
    scaled = (fit.residuals / fit.residual_sd) ** 2
    return np.asarray(scaled * h / (design.p * (1 - h) ** 2), dtype=np.float64)


def measure_vif(design: Design) -> Floats:
    """Variance inflation of each column: squared length times diagonal of (Z'Z)^-1.

    With a constant this is 1 / (1 - R_j^2), R_j^2 from a regression on the other columns; without
    one, R_j^2 is taken about zero.
    """
    inverse = np.linalg.inv(design.r)
    start = 1 if design.has_intercept else 0
    lengths = (design.r[:, start:] ** 2).sum(axis=0)
    return np.asarray(lengths * (inverse[start:] ** 2).sum(axis=1), dtype=np.float64)


def compute_breusch_godfrey(q: Floats, residuals: Floats) -> float | None:
    """Breusch (1978) and Godfrey (1978) for one lag: n R^2 of e on Z and its own past."""
    n, p = q.shape
    if n - p < 2:
        return None
    past = np.concatenate([[0.0], residuals[:-1]])
    explained = _explain(q, past[:, None], residuals)
    if explained is None:
        return None
    return float(stats.chi2.sf(n * explained[0] / (residuals @ residuals), 1))


def compute_breusch_pagan(design: Design, fit: Fit) -> float | None:
    """Breusch and Pagan (1979) in Koenker's (1981) form: n R^2 of e^2 on the columns."""
    squares = fit.residuals**2
    squares = squares - squares.mean()
    total = squares @ squares
    if total <= NEGLIGIBLE**2 * fit.rss**2:
        return None
    q = design.q
    if not design.has_intercept:
        q, _ = np.linalg.qr(np.column_stack([np.ones(design.n), design.columns / design.scale]))
    explained = q.T @ squares
    degrees = q.shape[1] - 1
    return float(stats.chi2.sf(design.n * (explained @ explained) / total, degrees))


def compute_reset(design: Design, fit: Fit) -> float | None:
    """Ramsey's RESET (1969): F test of squares and cubes of the fitted values."""
    spread = fit.fitted.std()
    if spread == 0:
        return None
    standard = (fit.fitted - fit.fitted.mean()) / spread
    powers = np.column_stack([standard**power for power in RESET_POWERS])
    explained = _explain(design.q, powers, fit.residuals)
    if explained is None:
        return None
    gain, rank = explained
    degrees = design.n - design.p - rank
    left = fit.rss - gain
    if degrees < 1 or left <= NEGLIGIBLE**2 * fit.rss:
        return None
    return float(stats.f.sf(gain / rank / (left / degrees), rank, degrees))


def _explain(q: Floats, added: Floats, residuals: Floats) -> tuple[float, int] | None:
    """Sum of squares of the residuals that added columns explain beyond Q, and their rank."""
    new = added - q @ (q.T @ added)
    new -= q @ (q.T @ new)  # twice is enough for full orthogonality
    lengths = np.linalg.norm(added, axis=0)
    keep = np.linalg.norm(new, axis=0) > NEGLIGIBLE * np.where(lengths > 0, lengths, 1)
    if not keep.any():
        return None
    basis, sizes, _ = np.linalg.svd(new[:, keep] / lengths[keep], full_matrices=False)
    basis = basis[:, sizes > NEGLIGIBLE * sizes[0]]
    explained = basis.T @ residuals
    return float(explained @ explained), int(basis.shape[1])


def _describe_exact(design: Design, fit: Fit) -> Diagnostics:
    """Nothing is left over, so nothing about the left-overs can be tested."""
    return Diagnostics(
        condition=design.condition,
        durbin_watson=None,
        breusch_godfrey_p=None,
        breusch_pagan_p=None,
        reset_p=None,
        max_leverage=float(fit.leverage.max()),
        max_cook=None,
        influential=(),
        outlying=(),
        leverage=tuple(fit.leverage.tolist()),
        studentised_residuals=None,
        cook=None,
    )
