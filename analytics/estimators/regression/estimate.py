"""The regression from question to answer."""

from collections.abc import Mapping

import numpy as np
from scipy import stats

from analytics.estimators.cells import Floats, Table
from analytics.estimators.errors import Finding, inform, judge, warn
from analytics.estimators.regression import covariance
from analytics.estimators.regression.checks import (
    Inputs,
    check_design,
    check_forecasts,
    read_inputs,
)
from analytics.estimators.regression.covariance import Covariance
from analytics.estimators.regression.diagnostics import diagnose, measure_vif
from analytics.estimators.regression.fit import Design, Fit, build_design, fit
from analytics.estimators.regression.spec import (
    CONSTANT,
    Coefficient,
    Diagnostics,
    Forecast,
    Interval,
    RegressionResult,
    RegressionSpec,
)
from analytics.estimators.threads import on_one_thread

LEVEL = 0.95
SIGNIFICANT = 0.05
ROWS_PER_PARAMETER = 10
MAX_VIF = 10.0


@on_one_thread
def estimate_regression(spec: RegressionSpec, data: Table) -> RegressionResult:
    """Least squares of `spec.response` on `spec.predictors`, with errors, checks and forecasts.

    `data` maps column names to equally long columns of numbers (or texts that spell them), in
    whatever units; estimates are in units of the response per unit of the column. Nothing is filled
    in: a missing or infinite value refuses the whole regression and names its rows, from 1.

    Assumes a straight-line relation and independent rows; classical intervals further assume even
    scatter, and prediction intervals a roughly normal one. The figures describe an association,
    not a cause. Intervals use Student's t with n - p degrees of freedom (R4 to R7 of METHODS.md).
    They rest on classical errors, or on HAC errors when a period is given and the Breusch-Godfrey
    test finds autocorrelation.

    Raises `BadProblem`, `BadData`, `NotEnoughData`, `IllConditioned`, `BadPeriods` and
    `TooFarOutside`; `analytics/METHODS.md` lists the rules.
    """
    inputs = read_inputs(spec, data)
    ranges = {
        name: (float(column.min()), float(column.max()))
        for name, column in zip(spec.predictors, inputs.columns.T, strict=True)
    }
    outside = check_forecasts(spec, ranges)
    design = build_design(inputs.columns, has_intercept=spec.intercept)
    check_design(spec, design)
    fitted = fit(design, inputs.response)
    diagnostics = diagnose(design, fitted, inputs.order)
    errors = _choose_errors(design, fitted, diagnostics, inputs)
    coefficients = _list_coefficients(spec, design, fitted, errors, inputs)
    findings = (
        inform("association_only"),
        *_remark_on_fit(spec, design, fitted, coefficients),
        *_remark_on_checks(design, diagnostics, inputs, errors),
        *outside,
    )
    n, p = design.n, design.p
    r2 = 1 - fitted.rss / fitted.tss
    left_out = fitted.residuals / (1 - fitted.leverage)
    return RegressionResult(
        findings=findings,
        status=judge(findings),
        response=spec.response,
        n=n,
        degrees_of_freedom=n - p,
        coefficients=coefficients,
        errors=errors.kind,
        hac_lags=errors.lags,
        residual_sd=fitted.residual_sd,
        r2=r2,
        r2_adjusted=1 - (1 - r2) * (n - spec.intercept) / (n - p),
        r2_leave_one_out=1 - float(left_out @ left_out) / fitted.tss,
        forecast=tuple(_forecast(spec, design, fitted, errors, at) for at in spec.forecast_at),
        ranges=ranges,
        diagnostics=diagnostics,
        fitted=tuple(fitted.fitted.tolist()),
        residuals=tuple(fitted.residuals.tolist()),
    )


def _choose_errors(
    design: Design, fitted: Fit, diagnostics: Diagnostics, inputs: Inputs
) -> Covariance:
    if inputs.order is not None and _is_significant(diagnostics.breusch_godfrey_p):
        return covariance.hac(design, fitted, inputs.order)
    return covariance.classical(design, fitted)


def _list_coefficients(
    spec: RegressionSpec, design: Design, fitted: Fit, errors: Covariance, inputs: Inputs
) -> dict[str, Coefficient]:
    names = [*([CONSTANT] if spec.intercept else []), *spec.predictors]
    used = errors.list_errors(fitted)
    classical = covariance.classical(design, fitted).list_errors(fitted)
    hc3 = covariance.list_errors(fitted, covariance.hc3(design, fitted))
    hac = (
        None
        if inputs.order is None
        else covariance.hac(design, fitted, inputs.order).list_errors(fitted)
    )
    margin = _margin(design) * used
    t, p, p_holm = _test_estimates(spec, design, fitted, used)
    vif = measure_vif(design)
    first = len(names) - len(vif)
    return {
        name: Coefficient(
            estimate=float(fitted.estimates[i]),
            se=float(classical[i]),
            se_hc3=float(hc3[i]),
            se_hac=None if hac is None else float(hac[i]),
            ci95=_around(float(fitted.estimates[i]), float(margin[i])),
            t=None if t is None else float(t[i]),
            p=None if p is None else float(p[i]),
            p_holm=None if p_holm is None or i < first else float(p_holm[i - first]),
            vif=None if i < first else float(vif[i - first]),
        )
        for i, name in enumerate(names)
    }


def _test_estimates(
    spec: RegressionSpec, design: Design, fitted: Fit, errors: Floats
) -> tuple[Floats, Floats, Floats] | tuple[None, None, None]:
    """t, two-sided p, and the predictors' p adjusted by Holm (1979); none for an exact fit."""
    if fitted.is_exact or not (errors > 0).all():
        return None, None, None
    t = fitted.estimates / errors
    p = 2 * stats.t.sf(np.abs(t), design.n - design.p)
    return t, p, _adjust_by_holm(p[int(spec.intercept) :])


def _adjust_by_holm(p: Floats) -> Floats:
    """The smallest of m times m, the next times m - 1, ...; none below the one before."""
    order = np.argsort(p)
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted


def _forecast(
    spec: RegressionSpec, design: Design, fitted: Fit, errors: Covariance, at: Mapping[str, float]
) -> Forecast:
    point = np.array([float(at[name]) for name in spec.predictors])
    slopes = fitted.estimates[1:] if spec.intercept else fitted.estimates
    constant = float(fitted.estimates[0]) if spec.intercept else 0.0
    mean = float(np.sum(slopes.astype(np.longdouble) * point) + constant)
    error = errors.estimate_mean_error(design, point)
    margin = _margin(design)
    return Forecast(
        at={name: float(at[name]) for name in spec.predictors},
        mean=mean,
        ci95=_around(mean, margin * error),
        pi95=_around(mean, margin * float(np.hypot(error, fitted.residual_sd))),
    )


def _remark_on_fit(
    spec: RegressionSpec, design: Design, fitted: Fit, coefficients: Mapping[str, Coefficient]
) -> list[Finding]:
    findings: list[Finding] = []
    if fitted.is_exact:
        findings.append(warn("exact_fit", response=spec.response))
    least = ROWS_PER_PARAMETER * design.p
    if design.n < least:
        findings.append(warn("few_rows", n=design.n, parameters=design.p, least=least))
    inflated = {
        name: c.vif for name, c in coefficients.items() if c.vif is not None and c.vif > MAX_VIF
    }
    if inflated:
        largest = max(inflated.values())
        findings.append(warn("columns_overlap", columns=list(inflated), vif=largest, most=MAX_VIF))
    findings += [
        warn("weak_association", column=name, p_holm=c.p_holm)
        for name, c in coefficients.items()
        if c.p_holm is not None and c.p_holm > SIGNIFICANT
    ]
    return findings


def _remark_on_checks(
    design: Design, diagnostics: Diagnostics, inputs: Inputs, errors: Covariance
) -> list[Finding]:
    findings: list[Finding] = []
    if _is_significant(diagnostics.breusch_godfrey_p):
        findings.append(
            warn(
                "autocorrelation" if errors.kind == "hac" else "autocorrelation_in_row_order",
                durbin_watson=diagnostics.durbin_watson,
                p=diagnostics.breusch_godfrey_p,
            )
        )
    if _is_significant(diagnostics.breusch_pagan_p):
        findings.append(warn("uneven_scatter", p=diagnostics.breusch_pagan_p))
    if _is_significant(diagnostics.reset_p):
        findings.append(warn("curved", p=diagnostics.reset_p))
    if diagnostics.influential:
        rows = [one.row for one in diagnostics.influential]
        findings.append(warn("influential_rows", rows=rows, cook=diagnostics.max_cook))
    return findings


def _is_significant(p: float | None) -> bool:
    return p is not None and p < SIGNIFICANT


def _margin(design: Design) -> float:
    return float(stats.t.ppf(0.5 + LEVEL / 2, design.n - design.p))


def _around(middle: float, margin: float) -> Interval:
    return middle - margin, middle + margin
