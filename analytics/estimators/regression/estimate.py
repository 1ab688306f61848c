"""The regression from question to answer."""

from collections.abc import Mapping

import numpy as np
from scipy.linalg import solve_triangular

from analytics.estimators.cells import Floats, Table
from analytics.estimators.errors import inform, judge
from analytics.estimators.periods import spell_period
from analytics.estimators.regression.carry_over import (
    Errors,
    allow_for_carry_over,
    assume_independent,
)
from analytics.estimators.regression.checks import (
    Inputs,
    check_design,
    check_forecasts,
    read_inputs,
)
from analytics.estimators.regression.coefficients import TAIL, list_coefficients
from analytics.estimators.regression.covariance import count_hac_lags
from analytics.estimators.regression.diagnostics import diagnose
from analytics.estimators.regression.fit import Design, Fit, build_design, fit
from analytics.estimators.regression.outliers import Outlier, find_misplaced
from analytics.estimators.regression.remarks import remark
from analytics.estimators.regression.scale import restore
from analytics.estimators.regression.seasons import LEAST_LEFT
from analytics.estimators.regression.spec import (
    Coefficient,
    Diagnostics,
    Forecast,
    RegressionResult,
    RegressionSpec,
    Slip,
    TimeModel,
)
from analytics.estimators.threads import on_one_thread


@on_one_thread
def estimate_regression(spec: RegressionSpec, data: Table) -> RegressionResult:
    """Least squares of `spec.response` on `spec.predictors`, with errors, checks and forecasts.

    `data` maps column names to equally long columns of numbers (or texts that spell them), in
    whatever units; estimates are in units of the response per unit of the column. Nothing is filled
    in: a missing or infinite value refuses the whole regression and names its rows, from 1.

    Assumes a straight-line relation, and independent rows where no period is given; classical
    intervals further assume even scatter, and prediction intervals a roughly normal one. With a
    period, a straight trend and the season are in the model, as far as the rows allow, and what is
    left over may carry over from one period to the next (R21 and R22 of METHODS.md). The figures
    describe an association, not a cause. `fitted`, `residuals`, R2 and the diagnostics are those
    of least squares.

    Raises `BadProblem`, `BadData`, `NotEnoughData`, `IllConditioned`, `BadPeriods` and
    `TooFarOutside`; `analytics/METHODS.md` lists the rules.
    """
    inputs = read_inputs(spec, data)
    ranges = _measure_ranges(spec, inputs)
    outside = check_forecasts(spec, ranges)
    design = build_design(inputs.columns, has_intercept=spec.intercept)
    check_design(inputs.names, design)
    fitted = fit(design, inputs.response)
    diagnostics = diagnose(design, fitted, inputs.order)
    errors = _choose_errors(spec, design, fitted, inputs)
    coefficients = list_coefficients(spec, design, fitted, errors, inputs)
    slips = _find_slips(spec, design, fitted, diagnostics, inputs)
    time = _describe_time(inputs, errors, coefficients.trend)
    n, p = design.n, design.p
    findings = (
        inform("association_only"),
        *remark(spec, n, fitted, coefficients.main, diagnostics, slips, time, inputs),
        *outside,
    )
    r2 = 1 - fitted.rss / fitted.tss
    left_out = fitted.residuals / (1 - fitted.leverage)
    return RegressionResult(
        findings=findings,
        status=judge(findings),
        response=spec.response,
        n=n,
        degrees_of_freedom=n - p,
        coefficients=coefficients.main,
        controls=coefficients.controls,
        time=time,
        errors=errors.kind,
        hac_lags=None if inputs.order is None else count_hac_lags(n),
        residual_sd=float(np.ldexp(fitted.residual_sd, inputs.exponent)),
        r2=r2,
        r2_adjusted=1 - (1 - r2) * (n - spec.intercept) / (n - p),
        r2_leave_one_out=1 - float(left_out @ left_out) / fitted.tss,
        forecast=tuple(
            _forecast(spec, design, fitted, errors, inputs, at) for at in spec.forecast_at
        ),
        ranges=ranges,
        diagnostics=diagnostics,
        slips=slips,
        fitted=tuple(restore(fitted.fitted, inputs.exponent).tolist()),
        residuals=tuple(restore(fitted.residuals, inputs.exponent).tolist()),
    )


def _measure_ranges(spec: RegressionSpec, inputs: Inputs) -> dict[str, tuple[float, float]]:
    lows = np.ldexp([column.min() for column in inputs.columns.T], inputs.exponents)
    highs = np.ldexp([column.max() for column in inputs.columns.T], inputs.exponents)
    return {
        name: (float(low), float(high))
        for name, low, high in zip(spec.predictors, lows, highs, strict=False)
    }


def _choose_errors(spec: RegressionSpec, design: Design, fitted: Fit, inputs: Inputs) -> Errors:
    """In time, always those that allow for carrying over: few rows cannot rule it out."""
    is_long = design.n - design.p > LEAST_LEFT if not spec.intercept else inputs.time.width > 0
    if inputs.order is None or fitted.is_exact or not is_long:
        return assume_independent(design, fitted)
    return allow_for_carry_over(design, fitted, inputs.order)


def _describe_time(inputs: Inputs, errors: Errors, trend: Coefficient | None) -> TimeModel | None:
    if inputs.calendar is None:
        return None
    return TimeModel(
        control=inputs.time.control,
        step=inputs.calendar.step,
        trend=trend,
        season_columns=max(inputs.time.width - 1, 0),
        carried_over=errors.carried_over if errors.kind == "ar1" else None,
    )


def _find_slips(
    spec: RegressionSpec, design: Design, fitted: Fit, diagnostics: Diagnostics, inputs: Inputs
) -> tuple[Slip, ...]:
    columns = dict(zip(spec.columns, inputs.columns.T, strict=False))
    columns[spec.response] = inputs.response
    exponents = dict(zip(spec.columns, inputs.exponents.tolist(), strict=False))
    exponents[spec.response] = inputs.exponent
    outliers = [
        Outlier(one.row - 1, one.studentised_residual, one.p) for one in diagnostics.outlying
    ]
    slips = []
    for one in find_misplaced(design, fitted, columns, spec.response, outliers):
        value = float(np.ldexp(columns[one.column][one.row], exponents[one.column]))
        slips.append(Slip(one.row + 1, one.column, value, likely=value * one.factor))
    return tuple(slips)


def _forecast(
    spec: RegressionSpec,
    design: Design,
    fitted: Fit,
    errors: Errors,
    inputs: Inputs,
    at: Mapping[str, float],
) -> Forecast:
    """One row after the last: `at` for the predictors, the mean of each control."""
    asked = np.array([float(at[name]) for name in spec.predictors])
    k = len(spec.predictors)
    means = inputs.columns[:, k : len(spec.columns)].mean(axis=0)
    point = np.concatenate([np.ldexp(asked, -inputs.exponents[:k]), means, inputs.time.after])
    slopes = fitted.estimates[int(spec.intercept) :].astype(np.longdouble)
    constant = float(fitted.estimates[0]) if spec.intercept else 0.0
    last = int(inputs.order[-1]) if inputs.order is not None else design.n - 1
    expected = errors.describe_next(
        float(np.sum(slopes * point) + constant),
        _load(design, point),
        float(fitted.residuals[last]),
        design.q[last],
    )
    single = expected.widen(errors.noise)
    figures = [
        *(expected.means(), expected.quantiles(TAIL), expected.quantiles(1 - TAIL)),
        *(single.quantiles(TAIL), single.quantiles(1 - TAIL)),
    ]
    names = (spec.response,) * len(figures)
    mean, low, high, single_low, single_high = restore(
        np.concatenate(figures), inputs.exponent, names
    ).tolist()
    return Forecast(
        at={name: float(at[name]) for name in spec.predictors},
        period=_spell_next(inputs),
        mean=mean,
        ci95=(low, high),
        pi95=(single_low, single_high),
    )


def _load(design: Design, point: Floats) -> Floats:
    """The weights of Q'y in the response at one row of column values."""
    z = design.standardise(point[None, :])[0]
    return np.asarray(solve_triangular(design.r, z, trans="T"), dtype=np.float64)


def _spell_next(inputs: Inputs) -> str | None:
    if inputs.calendar is None or inputs.time.control == "none":
        return None
    last = max(position for position in inputs.calendar.positions if position is not None)
    return spell_period(inputs.calendar.step, last + 1)
