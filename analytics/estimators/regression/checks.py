"""When a regression is refused: each rule by name, before or during the fit."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.estimators.cells import Floats, NumberColumn, Table, check_table, read_numbers
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
from analytics.estimators.periods import Calendar, read_calendar
from analytics.estimators.regression.fit import Design
from analytics.estimators.regression.scale import find_exponent
from analytics.estimators.regression.seasons import (
    TimeColumns,
    build_time_columns,
    no_time_columns,
)
from analytics.estimators.regression.spec import CONSTANT, RegressionSpec

LEAST_ROWS = 3
MAX_CONDITION = 1e8
LEAST_SPREAD = 1e-12  # spread over size: a double holds 1e-16, so four digits must be left
LEVERAGE_GAP = 1e-10
WEAK_LOADING = 0.1
ROWS_NAMED = 50


@dataclass(frozen=True)
class Inputs:
    """The columns as arrays: predictors, then controls, then what the calendar adds.

    Every column is divided by the power of two that brings its largest value near one, which costs
    no bit; `exponents` (of the response: `exponent`) undo it. Without a period, `calendar` and
    `order` are None.
    """

    names: tuple[str, ...]
    columns: Floats
    exponents: NDArray[np.intp]
    response: Floats
    exponent: int
    time: TimeColumns
    calendar: Calendar | None
    order: NDArray[np.intp] | None


def read_inputs(spec: RegressionSpec, data: Table) -> Inputs:
    """Read the columns the question names. Raises the refusal that applies first."""
    _check_question(spec)
    names = [spec.response, *spec.columns]
    n = check_table(data, [*names, *([spec.period] if spec.period else [])])
    read = {name: read_numbers(data[name]) for name in names}
    findings = [one for name, column in read.items() for one in column.list_findings(name)]
    if findings:
        raise BadData(findings)
    others = len(spec.columns) + spec.intercept
    _check_count(n, others)
    steady = [one for name, column in read.items() for one in _check_spread(name, column.values)]
    if steady:
        raise BadData(steady)
    calendar = _read_calendar(data[spec.period], spec.period) if spec.period else None
    time = _add_time(calendar, n, others) if spec.intercept else no_time_columns(n)
    return _scale(spec, read, time, calendar)


def _add_time(calendar: Calendar | None, n: int, others: int) -> TimeColumns:
    if calendar is None:
        return no_time_columns(n)
    positions = np.array(calendar.positions, dtype=np.float64)
    return build_time_columns(positions, calendar.step, others=others)


def _scale(
    spec: RegressionSpec,
    read: Mapping[str, NumberColumn],
    time: TimeColumns,
    calendar: Calendar | None,
) -> Inputs:
    values = {name: read[name].values for name in (spec.response, *spec.columns)}
    exponents = {name: find_exponent(column) for name, column in values.items()}
    names = (*spec.columns, *time.names)
    n = len(values[spec.response])
    columns = np.empty((n, len(names)), order="F")  # worked on column by column
    for index, name in enumerate(spec.columns):
        np.ldexp(values[name], -exponents[name], out=columns[:, index])
    columns[:, len(spec.columns) :] = time.columns
    positions = None if calendar is None else np.array(calendar.positions, dtype=np.int64)
    return Inputs(
        names=names,
        columns=columns,
        exponents=np.array([exponents[name] for name in spec.columns] + [0] * time.width),
        response=np.ldexp(values[spec.response], -exponents[spec.response]),
        exponent=exponents[spec.response],
        time=time,
        calendar=calendar,
        order=None if positions is None else np.argsort(positions, kind="stable"),
    )


def check_design(names: tuple[str, ...], design: Design) -> None:
    """Refuse columns that cannot be told apart, and rows that alone decide a coefficient."""
    if design.condition > MAX_CONDITION:
        sizes = np.abs(design.weakest)
        involved = dict.fromkeys(
            name
            for name, size in zip(names, sizes, strict=True)
            if size >= WEAK_LOADING * sizes.max()
        )
        raise IllConditioned(
            [
                refuse(
                    "collinear",
                    columns=list(involved),
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
    names = Counter((spec.response, *spec.columns))
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


def _check_spread(name: str, values: Floats) -> list[Finding]:
    """A column that never varies, or varies in digits that a double has hardly left."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return [refuse("constant_column", column=name)]
    share = (high - low) / max(abs(low), abs(high))
    if share <= LEAST_SPREAD:
        alike = int(-np.log10(share))
        return [refuse("too_few_digits", column=name, low=low, high=high, alike=alike)]
    return []


def _read_calendar(cells: Any, name: str) -> Calendar:
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
    return calendar
