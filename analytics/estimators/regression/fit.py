"""Least squares by QR on centred, scaled columns, mapped back to the columns as given.

On raw columns a year beside a sales figure in yuan costs most of the digits of a double; centred
and scaled, only true collinearity does. The estimates are then refined until the residuals are
orthogonal to the columns in extended precision (where the machine has it), which matters where
the residuals are large beside the estimates.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from analytics.estimators.cells import Floats

# One refinement multiplies the error by about condition^2 x 1e-16 (corrected semi-normal
# equations: Bjorck, Numerical Methods for Least Squares Problems, 1996).
WELL_CONDITIONED = 1e4
EXACT_FIT = 1e-12  # residual spread over the spread of the response, below which nothing is left

Extended = NDArray[np.longdouble]


@dataclass(frozen=True)
class Design:
    """The columns, centred by `shift` and divided by `scale`, and their factors Z = QR.

    `back` maps coefficients of Z to coefficients of the columns as given (constant first).
    """

    columns: Floats
    has_intercept: bool
    shift: Floats
    scale: Floats
    q: Floats
    r: Floats
    back: Floats
    condition: float
    weakest: Floats

    @property
    def n(self) -> int:
        return int(self.q.shape[0])

    @property
    def p(self) -> int:
        return int(self.q.shape[1])

    def standardise(self, points: Floats) -> Floats:
        """Rows of column values as rows of Z."""
        z = (points - self.shift) / self.scale
        return np.column_stack([np.ones(len(z)), z]) if self.has_intercept else z


@dataclass(frozen=True)
class Fit:
    """Estimates and what is left over. `cover` is B in Cov(b) = s^2 B B' (rows: coefficients)."""

    estimates: Floats
    residuals: Floats
    fitted: Floats
    leverage: Floats
    cover: Floats
    rss: float
    tss: float
    residual_sd: float
    is_exact: bool


def build_design(columns: Floats, *, has_intercept: bool) -> Design:
    """Factor the scaled design; `condition` is infinite when columns depend on each other.

    `weakest` holds the weights of the combination of scaled columns that comes nearest to zero
    (without the constant).
    """
    n, width = columns.shape
    first = int(has_intercept)
    shift = columns.mean(axis=0) if has_intercept else np.zeros(width)
    z = np.empty((n, first + width), order="F")
    z[:, :first] = 1.0
    np.subtract(columns, shift, out=z[:, first:])
    scale = np.array([np.sqrt(column @ column / n) for column in z[:, first:].T])
    z[:, first:] /= scale
    q, r = qr(z, mode="economic", overwrite_a=True, check_finite=False)
    _, singular, directions = np.linalg.svd(r)
    smallest = singular[-1]
    condition = float(singular[0] / smallest) if smallest > 0 else float("inf")
    back = np.diag(1 / scale)
    if has_intercept:
        back = np.block(
            [[np.ones((1, 1)), -(shift / scale)[None, :]], [np.zeros((width, 1)), back]]
        )
    weakest = directions[-1][first:]
    return Design(columns, has_intercept, shift, scale, q, r, back, condition, weakest)


def fit(design: Design, response: Floats) -> Fit:
    """Ordinary least squares: b = R^-1 Q'y in scaled terms, mapped back and refined."""
    middle = response.mean() if design.has_intercept else 0.0
    estimates = _solve(design, response - middle).astype(np.longdouble)
    if design.has_intercept:
        estimates[0] += middle
    for _ in range(1 if design.condition < WELL_CONDITIONED else 3):
        estimates += _correct(design, _subtract(design, estimates, response))
    left_over = _subtract(design, estimates, response)
    centred = response.astype(np.longdouble)
    if design.has_intercept:
        centred = centred - centred.mean()
    rss, tss = float(np.sum(left_over**2)), float(np.sum(centred**2))
    residuals = left_over.astype(np.float64)
    return Fit(
        estimates=estimates.astype(np.float64),
        residuals=residuals,
        fitted=response - residuals,
        leverage=np.einsum("ij,ij->i", design.q, design.q),
        cover=solve_triangular(design.r, design.back.T, trans="T").T,
        rss=rss,
        tss=tss,
        residual_sd=float(np.sqrt(rss / (design.n - design.p))),
        is_exact=rss <= EXACT_FIT**2 * tss,
    )


def _solve(design: Design, response: Floats) -> Floats:
    scaled = solve_triangular(design.r, design.q.T @ response)
    return np.asarray(design.back @ scaled, dtype=np.float64)


def _correct(design: Design, left_over: Extended) -> Floats:
    """What the residuals still hold of the columns: back R^-1 R^-T Z'e."""
    first = int(design.has_intercept)
    total = left_over.sum()
    gradient = np.empty(design.p)
    gradient[:first] = total
    for index, column in enumerate(design.columns.T):
        held = np.sum(column * left_over) - design.shift[index] * total
        gradient[first + index] = held / design.scale[index]
    scaled = solve_triangular(design.r, solve_triangular(design.r, gradient, trans="T"))
    return np.asarray(design.back @ scaled, dtype=np.float64)


def _subtract(design: Design, estimates: Extended, response: Floats) -> Extended:
    """Residuals in extended precision, column by column to spare memory."""
    left_over = response.astype(np.longdouble)
    slopes = estimates
    if design.has_intercept:
        left_over -= estimates[0]
        slopes = estimates[1:]
    for slope, column in zip(slopes, design.columns.T, strict=True):
        left_over -= slope * column
    return left_over
