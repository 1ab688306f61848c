"""Errors in time: what is left over in one period may carry over to the next, by an unknown share.

The left-overs follow u_t = rho u_(t-1) + noise. For each rho the estimates are those of
generalised least squares; how much each counts is its restricted likelihood times the reference
prior 1 / sqrt(1 - rho^2) (Berger and Yang 1994), and the answer is the mixture (Zellner and Tiao
1964). So the interval also allows for not knowing rho, which HAC errors do not: with a hundred
rows and a large rho theirs is far too short. The prior of sigma is even and not 1 / sigma, which
costs one degree of freedom (n - p - 1), as if rho were one more estimate; simulated coverage stands
in `tests/analytics/reference/coverage.md`.

With T T' = Omega^-1 / sigma^2 for such left-overs, every product Z'T T'Z is a polynomial of rho in
three lagged products of Q and e, so that no rho needs a pass over the rows.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytics.estimators.cells import Floats
from analytics.estimators.regression.fit import Design, Fit
from analytics.estimators.regression.mixture import Mixture

LEAST_NODES = 128
NEGLIGIBLE = 1e-9  # weight beside the largest, below which a share carried over does not count
NODES_PER_ROOT = 4  # nodes for each square root of n keep pace with the narrowing likelihood

Kind = Literal["classical", "ar1"]


@dataclass(frozen=True)
class Errors:
    """What may be wrong with the estimates: m components, in the coordinates of Q.

    Component j has the weight `weights[j]`, moves the least-squares coordinates by `shifts[j]`,
    and gives them the covariance `roots[j] @ roots[j].T`; a new row scatters by `noise[j]`.
    `rho` holds the shares carried over (zero alone for independent rows).
    """

    kind: Kind
    df: int
    weights: Floats
    rho: Floats
    shifts: Floats
    roots: Floats
    noise: Floats

    @property
    def carried_over(self) -> float:
        return float(self.weights @ self.rho)

    def describe(self, centres: Floats, loadings: Floats) -> Mixture:
        """Figures `centres` of least squares, each the product of a row of loadings with Q'y."""
        spread = np.einsum("mab,ka->kmb", self.roots, loadings)
        return Mixture(
            self.weights,
            centres[:, None] + loadings @ self.shifts.T,
            np.sqrt(np.einsum("kmb,kmb->km", spread, spread)),
            self.df,
        )

    def describe_next(self, centre: float, loading: Floats, last: float, behind: Floats) -> Mixture:
        """The figure of the next row, with what the last one's residual `last` carries over.

        `loading` and `behind` are the loadings of the next row and of the last.
        """
        loadings = loading - np.multiply.outer(self.rho, behind)
        moved = np.einsum("mp,mp->m", loadings, self.shifts)
        spread = np.einsum("mab,ma->mb", self.roots, loadings)
        return Mixture(
            self.weights,
            (centre + self.rho * last + moved)[None, :],
            np.linalg.norm(spread, axis=1)[None, :],
            self.df,
        )


def assume_independent(design: Design, fit: Fit) -> Errors:
    """One component: least squares itself, with s^2 I."""
    one = np.ones(1)
    return Errors(
        kind="classical",
        df=design.n - design.p,
        weights=one,
        rho=np.zeros(1),
        shifts=np.zeros((1, design.p)),
        roots=(np.eye(design.p) * fit.residual_sd)[None, :, :],
        noise=one * fit.residual_sd,
    )


def allow_for_carry_over(design: Design, fit: Fit, order: NDArray[np.intp]) -> Errors:
    """The mixture over rho, from the rows in order of time."""
    n, p, df = design.n, design.p, design.n - design.p - 1
    q, e = design.q[order], fit.residuals[order] / fit.residual_sd
    rho, ends = _list_nodes(n), [0, -1]
    lagged = q[1:].T @ q[:-1]
    inner = np.multiply.outer(1 + rho**2, np.eye(p)) - np.multiply.outer(rho, lagged + lagged.T)
    inner -= np.multiply.outer(rho**2, q[ends].T @ q[ends])
    crossed = q[1:].T @ e[:-1] + q[:-1].T @ e[1:]
    sides = -np.multiply.outer(rho, crossed) - np.multiply.outer(rho**2, q[ends].T @ e[ends])
    squares = (1 + rho**2) * (e @ e) - 2 * rho * (e[1:] @ e[:-1]) - rho**2 * (e[ends] @ e[ends])
    factors = np.linalg.cholesky(inner)
    shifts = np.linalg.solve(inner, sides[:, :, None])[:, :, 0]
    squares -= np.einsum("mp,mp->m", sides, shifts)
    logarithms = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    likelihood = np.log1p(-(rho**2)) / 2 - logarithms - df / 2 * np.log(squares)
    weights = np.exp(likelihood - likelihood.max())
    kept = weights > NEGLIGIBLE
    noise = np.sqrt(squares[kept] / df) * fit.residual_sd
    return Errors(
        kind="ar1",
        df=df,
        weights=weights[kept] / weights[kept].sum(),
        rho=rho[kept],
        shifts=shifts[kept] * fit.residual_sd,
        roots=np.linalg.inv(factors[kept]).transpose(0, 2, 1) * noise[:, None, None],
        noise=noise,
    )


def _list_nodes(n: int) -> Floats:
    """Midpoints of equal steps of the angle arcsin(rho), over which the prior is even."""
    count = max(LEAST_NODES, int(NODES_PER_ROOT * np.sqrt(n)))
    return np.asarray(np.sin(np.pi * ((np.arange(count) + 0.5) / count - 0.5)), dtype=np.float64)
