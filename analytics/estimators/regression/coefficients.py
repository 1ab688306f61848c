"""Estimates with their errors, in the units of the table, and what can be said of each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics.estimators.cells import Floats
from analytics.estimators.regression import covariance
from analytics.estimators.regression.carry_over import Errors
from analytics.estimators.regression.checks import Inputs
from analytics.estimators.regression.diagnostics import measure_vif
from analytics.estimators.regression.fit import Design, Fit
from analytics.estimators.regression.mixture import Mixture
from analytics.estimators.regression.scale import restore
from analytics.estimators.regression.spec import (
    CONSTANT,
    Coefficient,
    Direction,
    RegressionSpec,
)

LEVEL = 0.95
TAIL = (1 - LEVEL) / 2
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Coefficients:
    """The constant and the predictors, the controls, and the trend; seasons have none of use."""

    main: dict[str, Coefficient]
    controls: dict[str, Coefficient]
    trend: Coefficient | None


def list_coefficients(
    spec: RegressionSpec, design: Design, fitted: Fit, errors: Errors, inputs: Inputs
) -> Coefficients:
    """All estimates. Refuses those that a double cannot hold in the units of the table."""
    first = int(spec.intercept)
    controls = first + len(spec.predictors)
    trend = controls + len(spec.controls)
    count = trend + (inputs.time.width > 0)
    names = (*([CONSTANT] * first), *inputs.names)[:count]
    mixture = errors.describe(fitted.estimates[:count], fitted.cover[:count])
    p = [None] * count if fitted.is_exact else mixture.two_sided_p().tolist()
    p_holm = [None] * count
    if not fitted.is_exact:
        p_holm[first:controls] = adjust_by_holm(np.array(p[first:controls])).tolist()
    units = inputs.exponent - np.append([0] * first, inputs.exponents).astype(np.intp)[:count]
    figures = _list_figures(design, fitted, mixture, inputs)
    columns = {key: restore(column, units, names).tolist() for key, column in figures.items()}
    vif = [*([None] * first), *measure_vif(design).tolist()]
    found = [_describe(columns, i, p=p[i], p_holm=p_holm[i], vif=vif[i]) for i in range(count)]
    return Coefficients(
        dict(zip(names[:controls], found[:controls], strict=True)),
        dict(zip(spec.controls, found[controls:trend], strict=True)),
        found[trend] if count > trend else None,
    )


def _list_figures(
    design: Design, fitted: Fit, mixture: Mixture, inputs: Inputs
) -> dict[str, Floats]:
    """One entry for each figure of the mixture, in the units inside."""
    count = len(mixture.centres)
    cover = fitted.cover[:count]
    figures = {
        "estimate": mixture.means(),
        "error": mixture.spreads(),
        "low": mixture.quantiles(TAIL),
        "high": mixture.quantiles(1 - TAIL),
        "least_squares": fitted.estimates[:count],
        "se": np.linalg.norm(cover, axis=1) * fitted.residual_sd,
        "se_hc3": covariance.list_errors(cover, covariance.hc3(design, fitted)),
    }
    if inputs.order is not None:
        middle = covariance.hac(design, fitted, inputs.order)
        figures["se_hac"] = covariance.list_errors(cover, middle)
    return figures


def _describe(
    columns: Mapping[str, list[float]],
    i: int,
    *,
    p: float | None,
    p_holm: float | None,
    vif: float | None,
) -> Coefficient:
    estimate, error = columns["estimate"][i], columns["error"][i]
    ci95 = (columns["low"][i], columns["high"][i])
    return Coefficient(
        estimate=estimate,
        error=error,
        least_squares=columns["least_squares"][i],
        se=columns["se"][i],
        se_hc3=columns["se_hc3"][i],
        se_hac=columns["se_hac"][i] if "se_hac" in columns else None,
        ci95=ci95,
        t=None if p is None or not error else estimate / error,
        p=p,
        p_holm=p_holm,
        vif=vif,
        direction=decide_direction(estimate, ci95, p_holm),
    )


def decide_direction(
    estimate: float, ci95: tuple[float, float], p_holm: float | None
) -> Direction | None:
    """The one test behind headline and findings: Holm's p, and the sign of the estimate.

    Constant, controls and trend have no p_holm, nor has an exact fit: there the interval decides.
    """
    is_clear = p_holm < SIGNIFICANT if p_holm is not None else not ci95[0] <= 0 <= ci95[1]
    if not is_clear:
        return None
    return "with" if estimate > 0 else "against"


def adjust_by_holm(p: Floats) -> Floats:
    """The smallest of m times m, the next times m - 1, ...; none below the one before."""
    order = np.argsort(p)
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted
