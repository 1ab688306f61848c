"""What a regression is asked, and what it answers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analytics.estimators.errors import Finding, Status
from analytics.estimators.periods import Step
from analytics.estimators.regression.carry_over import Kind
from analytics.estimators.regression.seasons import Control

CONSTANT = "const"
Interval = tuple[float, float]
Direction = Literal["with", "against"]


@dataclass(frozen=True)
class RegressionSpec:
    """The question: which column is explained by which.

    `period` names the column that orders the rows in time (integers, dates or texts such as
    2026-03, 2026-W07, 2026-Q1, 2026); trend and season are then in the model. Without it, nothing
    is assumed about their order. `controls` are columns to take out, reported apart. Each entry of
    `forecast_at` gives a value for every predictor.
    """

    response: str
    predictors: tuple[str, ...]
    intercept: bool = True
    forecast_at: tuple[Mapping[str, float], ...] = ()
    period: str | None = None
    controls: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.predictors, *self.controls)


@dataclass(frozen=True)
class Coefficient:
    """One estimate, in units of the response per unit of the column.

    `estimate`, `error`, `ci95`, `t` and `p` rest on what `RegressionResult.errors` names; `se`,
    `se_hc3` and `se_hac` are those of `least_squares`. `p_holm` is adjusted for the number of
    predictors (none for the rest), and `direction` is what it says: the response clearly moves
    with the predictor, against it, or neither (None). Without a `p_holm` the interval decides.
    """

    estimate: float
    error: float
    least_squares: float
    se: float
    se_hc3: float
    se_hac: float | None
    ci95: Interval
    t: float | None
    p: float | None
    p_holm: float | None
    vif: float | None
    direction: Direction | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "estimate": self.estimate,
            "error": self.error,
            "least_squares": self.least_squares,
            "se": self.se,
            "se_hc3": self.se_hc3,
            "se_hac": self.se_hac,
            "ci95": list(self.ci95),
            "t": self.t,
            "p": self.p,
            "p_holm": self.p_holm,
            "vif": self.vif,
            "direction": self.direction,
        }


@dataclass(frozen=True)
class Forecast:
    """The expected response at one point: of the mean (`ci95`), of one new row (`pi95`).

    `period` is the one after the last, where trend and season are in the model.
    """

    at: Mapping[str, float]
    period: str | None
    mean: float
    ci95: Interval
    pi95: Interval

    def to_dict(self) -> dict[str, Any]:
        return {
            "at": dict(self.at),
            "period": self.period,
            "mean": self.mean,
            "ci95": list(self.ci95),
            "pi95": list(self.pi95),
        }


def _give_finite(value: float) -> float | None:
    """JSON has no infinity: a row beside others that lie exactly on a line has None."""
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class InfluentialRow:
    """A row that moves the line on its own; `row` counts from 1 in the order given."""

    row: int
    leverage: float
    studentised_residual: float
    cook: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "leverage": self.leverage,
            "studentised_residual": _give_finite(self.studentised_residual),
            "cook": self.cook,
        }


@dataclass(frozen=True)
class OutlyingRow:
    """A row that does not fit the others; `p` is adjusted for looking at all rows (Bonferroni).

    `row` counts from 1.
    """

    row: int
    studentised_residual: float
    p: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "studentised_residual": _give_finite(self.studentised_residual),
            "p": self.p,
        }


@dataclass(frozen=True)
class Slip:
    """A cell that would fit the others if its decimal point stood elsewhere."""

    row: int
    column: str
    value: float
    likely: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "likely": self.likely,
        }


@dataclass(frozen=True)
class TimeModel:
    """What of the calendar is in the model: `control` is none, trend, part or full.

    `trend` is in units of the response per period, `carried_over` the share of what is left over
    in one period that is expected in the next.
    """

    control: Control
    step: Step
    trend: Coefficient | None
    season_columns: int
    carried_over: float | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "control": self.control,
            "step": self.step,
            "trend": None if self.trend is None else self.trend.to_dict(),
            "season_columns": self.season_columns,
            "carried_over": self.carried_over,
        }


@dataclass(frozen=True)
class Diagnostics:
    """Checks of the assumptions. A test that cannot be made on these data is None.

    The per-row tuples follow the order of the rows given.
    """

    condition: float
    durbin_watson: float | None
    breusch_godfrey_p: float | None
    breusch_pagan_p: float | None
    reset_p: float | None
    max_leverage: float
    max_cook: float | None
    influential: tuple[InfluentialRow, ...]
    outlying: tuple[OutlyingRow, ...]
    leverage: tuple[float, ...]
    studentised_residuals: tuple[float, ...] | None
    cook: tuple[float, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """Everything but the per-row figures, which grow with the data."""
        return {
            "condition": self.condition,
            "durbin_watson": self.durbin_watson,
            "breusch_godfrey_p": self.breusch_godfrey_p,
            "breusch_pagan_p": self.breusch_pagan_p,
            "reset_p": self.reset_p,
            "max_leverage": self.max_leverage,
            "max_cook": self.max_cook,
            "influential": [row.to_dict() for row in self.influential],
            "outlying": [row.to_dict() for row in self.outlying],
        }


@dataclass(frozen=True)
class RegressionResult:
    """The answer. `errors` says what the estimates and their intervals rest on."""

    findings: tuple[Finding, ...]
    status: Status
    response: str
    n: int
    degrees_of_freedom: int
    coefficients: Mapping[str, Coefficient]
    controls: Mapping[str, Coefficient]
    time: TimeModel | None
    errors: Kind
    hac_lags: int | None
    residual_sd: float
    r2: float
    r2_adjusted: float
    r2_leave_one_out: float
    forecast: tuple[Forecast, ...]
    ranges: Mapping[str, Interval]
    diagnostics: Diagnostics
    slips: tuple[Slip, ...]
    fitted: tuple[float, ...]
    residuals: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "findings": [finding.to_dict() for finding in self.findings],
            "response": self.response,
            "n": self.n,
            "degrees_of_freedom": self.degrees_of_freedom,
            "coefficients": {name: c.to_dict() for name, c in self.coefficients.items()},
            "controls": {name: c.to_dict() for name, c in self.controls.items()},
            "time": None if self.time is None else self.time.to_dict(),
            "errors": self.errors,
            "hac_lags": self.hac_lags,
            "residual_sd": self.residual_sd,
            "r2": self.r2,
            "r2_adjusted": self.r2_adjusted,
            "r2_leave_one_out": self.r2_leave_one_out,
            "forecast": [forecast.to_dict() for forecast in self.forecast],
            "ranges": {name: list(bounds) for name, bounds in self.ranges.items()},
            "diagnostics": self.diagnostics.to_dict(),
            "slips": [slip.to_dict() for slip in self.slips],
        }
