"""Sales on spend, month by month."""

import math
from statistics import fmean
from typing import Any

from analytics.datasets import PERIOD, SALES, Snapshot
from analytics.estimators.regression.estimate import estimate_regression
from analytics.estimators.regression.spec import RegressionResult, RegressionSpec
from analytics.services.calculations.answer import Calculation, Parameters, store

GRID = 25


def answer(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    controls = tuple(snapshot.facts.get("controls", ()))
    predictors = tuple(
        column.name for column in snapshot.columns if column.name not in (PERIOD, SALES, *controls)
    )
    data: dict[str, Any] = {
        name: snapshot.numbers(name) for name in (SALES, *predictors, *controls)
    }
    data[PERIOD] = snapshot.texts(PERIOD)
    asked = parameters.get("forecast") or {}
    spec = RegressionSpec(
        response=SALES,
        predictors=predictors,
        forecast_at=({name: float(asked[name]) for name in predictors},) if asked else (),
        period=PERIOD,
        controls=controls,
    )
    result = estimate_regression(spec, data)
    return store(result, _draw_regression(snapshot, spec, result, data))


def _draw_regression(
    snapshot: Snapshot, spec: RegressionSpec, result: RegressionResult, data: dict[str, Any]
) -> list[dict[str, Any]]:
    unit = snapshot.columns[1].unit
    is_plain = len(spec.predictors) == 1 and result.errors == "classical" and not spec.controls
    if is_plain:
        return [_spend_line(spec, result, data, unit)]
    over_time = _fit_over_time(snapshot, result, data, unit)
    if len(spec.predictors) == 1:
        return [_adjusted_line(spec, result, data, unit), over_time]
    return [over_time, _coefficients(spec, result, unit)]


def _fit_over_time(
    snapshot: Snapshot, result: RegressionResult, data: dict[str, Any], unit: str
) -> dict[str, Any]:
    months = zip(snapshot.texts(PERIOD), data[SALES], result.fitted, strict=True)
    return {
        "kind": "fit_over_time",
        "data": {
            "unit": unit,
            "months": [
                {"period": period, "observed": observed, "fitted": fitted}
                for period, observed, fitted in months
            ],
            "forecast": [
                {
                    "period": point.period,
                    "mean": point.mean,
                    "pi_lo": point.pi95[0],
                    "pi_hi": point.pi95[1],
                }
                for point in result.forecast
                if point.period
            ],
        },
    }


def _coefficients(spec: RegressionSpec, result: RegressionResult, unit: str) -> dict[str, Any]:
    return {
        "kind": "coefficients",
        "data": {
            "unit": unit,
            "rows": [
                {
                    "name": name,
                    "estimate": part.estimate,
                    "lo": part.ci95[0],
                    "hi": part.ci95[1],
                }
                for name, part in result.coefficients.items()
                if name in spec.predictors
            ],
        },
    }


def _adjusted_line(
    spec: RegressionSpec, result: RegressionResult, data: dict[str, Any], unit: str
) -> dict[str, Any]:
    """Component plus residual: what is left of each month once the rest is taken out.

    The line goes through the means, where the slope has no say; its band is the slope's interval,
    and single months scatter around it by twice the residual spread.
    """
    name = spec.predictors[0]
    part, spread = result.coefficients[name], 2 * result.residual_sd
    low, high = result.ranges[name]
    x_mean, y_mean = fmean(data[name]), fmean(data[SALES])

    def lie(x: float) -> dict[str, float]:
        middle = y_mean + part.estimate * (x - x_mean)
        ends = sorted(y_mean + bound * (x - x_mean) for bound in part.ci95)
        return {
            "x": x,
            "mean": middle,
            "ci_lo": ends[0],
            "ci_hi": ends[1],
            "pi_lo": middle - math.hypot(middle - ends[0], spread),
            "pi_hi": middle + math.hypot(ends[1] - middle, spread),
        }

    return {
        "kind": "spend_line",
        "data": {
            "x_name": name,
            "unit": unit,
            "is_adjusted": True,
            "points": [
                {"period": period, "x": x, "y": lie(x)["mean"] + left_over}
                for period, x, left_over in zip(
                    data[PERIOD], data[name], result.residuals, strict=True
                )
            ],
            "line": [lie(low + (high - low) * step / (GRID - 1)) for step in range(GRID)],
            "forecast": [],
        },
    }


def _spend_line(
    spec: RegressionSpec, result: RegressionResult, data: dict[str, Any], unit: str
) -> dict[str, Any]:
    """The line and its bands come from the estimator itself, asked along the observed range."""
    name = spec.predictors[0]
    low, high = result.ranges[name]
    grid = [low + (high - low) * step / (GRID - 1) for step in range(GRID)]
    along = estimate_regression(
        RegressionSpec(
            response=spec.response,
            predictors=spec.predictors,
            forecast_at=tuple({name: x} for x in grid),
            period=spec.period,
        ),
        data,
    )
    return {
        "kind": "spend_line",
        "data": {
            "x_name": name,
            "unit": unit,
            "points": [
                {"period": period, "x": x, "y": y}
                for period, x, y in zip(data[PERIOD], data[name], data[SALES], strict=True)
            ],
            "line": [_chart_point(point, name) for point in along.forecast],
            "forecast": [_chart_point(point, name) for point in result.forecast],
        },
    }


def _chart_point(point: Any, name: str) -> dict[str, float]:
    return {
        "x": point.at[name],
        "mean": point.mean,
        "ci_lo": point.ci95[0],
        "ci_hi": point.ci95[1],
        "pi_lo": point.pi95[0],
        "pi_hi": point.pi95[1],
    }
