"""When a regression is refused: each rule by name, before or during the fit."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.estimators.cells import Floats, Table, check_table, read_numbers
from analytics.estimators.errors import (
    BadData,
    BadPeriods,
    BadProblem,
    Finding,
    IllConditioned,
    NotEnoughData,
    TooFarOutside,
    refuse,
    warn,
)
from analytics.estimators.periods import read_calendar
from analytics.estimators.regression.fit import Design
from analytics.estimators.regression.spec import CONSTANT, RegressionSpec

LEAST_ROWS = 3
MAX_CONDITION = 1e8
CONSTANT_SPREAD = 1e-12  # spread over size, below which a column does not vary in a double
LEVERAGE_GAP = 1e-10
WEAK_LOADING = 0.1
ROWS_NAMED = 50


@dataclass(frozen=True)
class Inputs:
    """The columns as arrays. `order` sorts the rows in time, or is None without a period."""

    columns: Floats
    response: Floats
    order: NDArray[np.intp] | None


def read_inputs(spec: RegressionSpec, data: Table) -> Inputs:
    """Read the columns the question names. Raises the refusal that applies first."""
    _check_question(spec)
    names = [spec.response, *spec.predictors]
    n = check_table(data, [*names, *([spec.period] if spec.period else [])])
    read = {name: read_numbers(data[name]) for name in names}
    findings = [one for name, column in read.items() for one in column.list_findings(name)]
    if findings:
        raise BadData(findings)
    _check_count(n, len(spec.predictors) + spec.intercept)
    constant = [name for name, column in read.items() if _is_constant(column.values)]
    if constant:
        raise BadData([refuse("constant_column", column=name) for name in constant])
    order = _read_order(data[spec.period], spec.period) if spec.period else None
    columns = np.empty((n, len(spec.predictors)), order="F")  # worked on column by column
    for index, name in enumerate(spec.predictors):
        columns[:, index] = read[name].values
    return Inputs(columns, read[spec.response].values, order)


def check_design(spec: RegressionSpec, design: Design) -> None:
    """Refuse columns that cannot be told apart, and rows that alone decide a coefficient."""
    if design.condition > MAX_CONDITION:
        sizes = np.abs(design.weakest)
        involved = [
            name
            for name, size in zip(spec.predictors, sizes, strict=True)
            if size >= WEAK_LOADING * sizes.max()
        ]
        raise IllConditioned(
            [
                refuse(
                    "collinear",
                    columns=involved,
                    condition=design.condition if np.isfinite(design.condition) else None,
                    most=MAX_CONDITION,
                )
            ]
        )
    leverage = np.einsum("ij,ij->i", design.q, design.q)
    alone = np.flatnonzero(leverage > 1 - LEVERAGE_GAP) + 1
    if alone.size:
        raise BadData([refuse("leverage_of_one", rows=[int(row) for row in alone[:ROWS_NAMED]])])


def check_forecasts(
    spec: RegressionSpec, ranges: Mapping[str, tuple[float, float]]
) -> list[Finding]:
    """A warning outside the data, a refusal more than one range-width outside."""
    warnings: list[Finding] = []
    refusals: list[Finding] = []
    for at in spec.forecast_at:
        for name, (low, high) in ranges.items():
            distance = max(low - at[name], at[name] - high)
            parameters: dict[str, Any] = {
                "column": name,
                "value": at[name],
                "low": low,
                "high": high,
            }
            if distance > high - low:
                refusals.append(refuse("forecast_too_far", **parameters))
            elif distance > 0:
                warnings.append(warn("extrapolation", **parameters))
    if refusals:
        raise TooFarOutside(refusals)
    return warnings


def _check_question(spec: RegressionSpec) -> None:
    findings: list[Finding] = []
    if not spec.predictors:
        findings.append(refuse("no_predictors"))
    names = Counter((spec.response, *spec.predictors))
    findings += [refuse("name_twice", name=name) for name, times in names.items() if times > 1]
    if CONSTANT in names:
        findings.append(refuse("name_reserved", name=CONSTANT))
    for at in spec.forecast_at:
        missing = [name for name in spec.predictors if name not in at]
        unknown = [name for name in at if name not in spec.predictors]
        findings += [refuse("forecast_value_missing", column=name) for name in missing]
        findings += [refuse("forecast_value_unknown", column=name) for name in unknown]
        findings += [
            refuse("forecast_value_infinite", column=name)
            for name, value in at.items()
            if not np.isfinite(value)
        ]
    if findings:
        raise BadProblem(findings)


def _check_count(n: int, parameters: int) -> None:
    least = max(LEAST_ROWS, parameters + 1)
    if n < least:
        raise NotEnoughData([refuse("too_few_rows", n=n, least=least)])


def _is_constant(values: Floats) -> bool:
    spread, size = np.ptp(values), np.abs(values).max()
    return bool(spread <= CONSTANT_SPREAD * size)


def _read_order(cells: Any, name: str) -> NDArray[np.intp]:
    calendar = read_calendar(list(cells))
    findings: list[Finding] = []
    if calendar.unreadable:
        rows = list(calendar.unreadable[:ROWS_NAMED])
        findings.append(refuse("period_unreadable", column=name, rows=rows))
    if calendar.doubled:
        findings.append(
            refuse("period_doubled", column=name, periods=list(calendar.doubled[:ROWS_NAMED]))
        )
    if calendar.missing:
        findings.append(
            refuse(
                "period_missing",
                column=name,
                periods=list(calendar.missing),
                count=calendar.missing_count,
            )
        )
    if findings:
        raise BadPeriods(findings)
    return np.argsort(np.array(calendar.positions, dtype=np.int64), kind="stable")
