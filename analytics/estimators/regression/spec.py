"""What a regression is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analytics.estimators.errors import Finding, Status

CONSTANT = "const"
Interval = tuple[float, float]


@dataclass(frozen=True)
class RegressionSpec:
    """The question: which column is explained by which.

    `period` names the column that orders the rows in time (integers, dates or texts such as
    2026-03, 2026-W07, 2026-Q1, 2026); without it, nothing is assumed about their order.
    Each entry of `forecast_at` gives a value for every predictor.
    """

    response: str
    predictors: tuple[str, ...]
    intercept: bool = True
    forecast_at: tuple[Mapping[str, float], ...] = ()
    period: str | None = None


@dataclass(frozen=True)
class Coefficient:
    """One estimate, in units of the response per unit of the column.

    `ci95`, `t` and `p` rest on the errors named by `RegressionResult.errors`; `p_holm` is adjusted
    for the number of predictors (none for the constant).
    """

    estimate: float
    se: float
    se_hc3: float
    se_hac: float | None
    ci95: Interval
    t: float | None
    p: float | None
    p_holm: float | None
    vif: float | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "estimate": self.estimate,
            "se": self.se,
            "se_hc3": self.se_hc3,
            "se_hac": self.se_hac,
            "ci95": list(self.ci95),
            "t": self.t,
            "p": self.p,
            "p_holm": self.p_holm,
            "vif": self.vif,
        }


@dataclass(frozen=True)
class Forecast:
    """The expected response at one point: of the mean (`ci95`), of one new row (`pi95`)."""

    at: Mapping[str, float]
    mean: float
    ci95: Interval
    pi95: Interval

    def to_dict(self) -> dict[str, Any]:
        return {
            "at": dict(self.at),
            "mean": self.mean,
            "ci95": list(self.ci95),
            "pi95": list(self.pi95),
        }


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
            "studentised_residual": self.studentised_residual,
            "cook": self.cook,
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
        }


@dataclass(frozen=True)
class RegressionResult:
    """The answer. `errors` says which errors the intervals rest on."""

    findings: tuple[Finding, ...]
    status: Status
    response: str
    n: int
    degrees_of_freedom: int
    coefficients: Mapping[str, Coefficient]
    errors: Literal["classical", "hac"]
    hac_lags: int | None
    residual_sd: float
    r2: float
    r2_adjusted: float
    r2_leave_one_out: float
    forecast: tuple[Forecast, ...]
    ranges: Mapping[str, Interval]
    diagnostics: Diagnostics
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
            "errors": self.errors,
            "hac_lags": self.hac_lags,
            "residual_sd": self.residual_sd,
            "r2": self.r2,
            "r2_adjusted": self.r2_adjusted,
            "r2_leave_one_out": self.r2_leave_one_out,
            "forecast": [forecast.to_dict() for forecast in self.forecast],
            "ranges": {name: list(bounds) for name, bounds in self.ranges.items()},
            "diagnostics": self.diagnostics.to_dict(),
        }
