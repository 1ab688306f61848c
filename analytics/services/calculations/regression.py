"""Sales on spend, month by month."""

from typing import Any

from analytics.datasets import PERIOD, SALES, Snapshot
from analytics.estimators.regression.estimate import estimate_regression
from analytics.estimators.regression.spec import RegressionResult, RegressionSpec
from analytics.services.calculations.answer import Calculation, Parameters, store

GRID = 25


def answer(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    predictors = tuple(
        column.name for column in snapshot.columns if column.name not in (PERIOD, SALES)
    )
    data: dict[str, Any] = {name: snapshot.numbers(name) for name in (SALES, *predictors)}
    data[PERIOD] = snapshot.texts(PERIOD)
    asked = parameters.get("forecast") or {}
    spec = RegressionSpec(
        response=SALES,
        predictors=predictors,
        forecast_at=({name: float(asked[name]) for name in predictors},) if asked else (),
        period=PERIOD,
    )
    result = estimate_regression(spec, data)
    return store(result, _draw_regression(snapshot, spec, result, data))


def _draw_regression(
    snapshot: Snapshot, spec: RegressionSpec, result: RegressionResult, data: dict[str, Any]
) -> list[dict[str, Any]]:
    unit = snapshot.columns[1].unit
    periods = snapshot.texts(PERIOD)
    if len(spec.predictors) == 1:
        return [_spend_line(spec, result, data, unit)]
    return [
        {
            "kind": "fit_over_time",
            "data": {
                "unit": unit,
                "months": [
                    {"period": period, "observed": observed, "fitted": fitted}
                    for period, observed, fitted in zip(
                        periods, data[SALES], result.fitted, strict=True
                    )
                ],
            },
        },
        {
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
        },
    ]


def _spend_line(
    spec: RegressionSpec, result: RegressionResult, data: dict[str, Any], unit: str
) -> dict[str, Any]:
    """The line and its bands come from the estimator itself, asked along the observed range."""
    name = spec.predictors[0]
    low, high = min(data[name]), max(data[name])
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
