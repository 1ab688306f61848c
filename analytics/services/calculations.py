"""From a snapshot to figures, findings and charts: one function for each kind of run.

Everything here is a pure function of snapshot, parameters and seed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from analytics import datasets
from analytics.datasets import PERIOD, SALES, Snapshot
from analytics.estimators.budget.allocate import allocate_budget
from analytics.estimators.budget.spec import BudgetSpec, Channel
from analytics.estimators.errors import Refused
from analytics.estimators.regression.estimate import estimate_regression
from analytics.estimators.regression.spec import RegressionResult, RegressionSpec
from analytics.estimators.score import Indicator, ScoreSpec, score_meeting
from analytics.estimators.segmentation.find import find_segments
from analytics.estimators.segmentation.spec import SegmentationSpec

GRID = 25

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Calculation:
    """What a run stores. A refusal has findings and no figures, save what helps to mend it."""

    status: str
    findings: list[dict[str, Any]]
    figures: dict[str, Any] | None
    charts: list[dict[str, Any]] = field(default_factory=list)


def calculate(*, kind: str, snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    """Equal arguments give equal bits: estimators keep to one thread, and chance to the seed."""
    try:
        return _KINDS[kind](snapshot, parameters, seed)
    except Refused as refusal:
        answer = refusal.to_dict()
        status, findings = answer.pop("status"), answer.pop("findings")
        return Calculation(status=status, findings=findings, figures=answer or None)


def _regression(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
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
    return _answer(result, _draw_regression(snapshot, spec, result, data))


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
                    {"name": name, "estimate": part.estimate, "lo": part.ci95[0],
                     "hi": part.ci95[1]}
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


def _score(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    spec = ScoreSpec(
        indicators=tuple(
            Indicator(
                name=row["indicator"] or "",
                weight=Decimal(row["weight"] or 0),
                value=None if row["value"] is None else Decimal(row["value"]),
                scale=(Decimal(row["low"] or 0), Decimal(row["high"] or 0)),
                n=int(row["n"] or 0),
            )
            for row in snapshot.rows
        ),
        weights_version=str(snapshot.facts.get("weights_version", "")),
    )
    result = score_meeting(spec)
    figures = result.to_dict()
    rows = [{"name": name, **part} for name, part in figures["indicators"].items()]
    chart = {"kind": "contributions", "data": {"score": figures["score"], "rows": rows}}
    return _answer(result, [chart])


def _segments(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    features = datasets.CUSTOMER_FEATURES
    spec = SegmentationSpec(numeric=features, k=parameters.get("k"), missing="drop", seed=seed)
    result = find_segments(spec, {name: snapshot.numbers(name) for name in features})
    rows = [
        {"label": segment.label, "size": segment.size, "share": segment.share}
        for segment in result.segments
    ]
    return _answer(result, [{"kind": "segment_sizes", "data": {"rows": rows}}] if rows else [])


def _budget(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    currency = parameters["currency"]
    spec = BudgetSpec(
        unit=parameters["unit"],
        total=float(parameters["total"]),
        channels=tuple(
            Channel(
                name=row["name"] or "",
                effect=_float(row["effect"]),
                cap=_float(row["cap"]),
                floor=_float(row["floor"]) or 0.0,
            )
            for row in snapshot.rows
        ),
        currency=currency,
    )
    result = allocate_budget(spec)
    caps = {channel.name: channel.cap for channel in spec.channels}
    allocation = [
        {"name": name, "amount": amount, "cap": caps[name]}
        for name, amount in result.allocation.items()
    ]
    ladder = [
        {"total": rung.total, "objective": rung.objective, "allocation": dict(rung.allocation)}
        for rung in result.ladder
        if rung.allocation is not None
    ]
    return _answer(
        result,
        [
            {"kind": "allocation", "data": {"currency": currency, "rows": allocation}},
            {"kind": "budget_ladder", "data": {"currency": currency, "rows": ladder}},
        ],
    )


def _float(text: str | None) -> float | None:
    return None if text in (None, "") else float(text or 0)


def _answer(result: Any, charts: list[dict[str, Any]]) -> Calculation:
    figures = result.to_dict()
    return Calculation(
        status=figures.pop("status"),
        findings=figures.pop("findings"),
        figures=figures,
        charts=charts,
    )


_KINDS: dict[str, Callable[[Snapshot, Parameters, int], Calculation]] = {
    "regression": _regression,
    "segments": _segments,
    "budget": _budget,
    "score": _score,
}
