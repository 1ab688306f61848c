"""What a regression says besides its figures."""

from collections.abc import Mapping, Sequence

from analytics.estimators.errors import Finding, inform, warn
from analytics.estimators.periods import spell_period
from analytics.estimators.regression.checks import Inputs
from analytics.estimators.regression.coefficients import SIGNIFICANT
from analytics.estimators.regression.fit import Fit
from analytics.estimators.regression.seasons import LEAST_LEFT
from analytics.estimators.regression.spec import (
    Coefficient,
    Diagnostics,
    RegressionSpec,
    Slip,
    TimeModel,
)

ROWS_PER_PARAMETER = 10
MAX_VIF = 10.0
SLIPS_SAID = 5


def remark(
    spec: RegressionSpec,
    n: int,
    fitted: Fit,
    coefficients: Mapping[str, Coefficient],
    diagnostics: Diagnostics,
    slips: Sequence[Slip],
    time: TimeModel | None,
    inputs: Inputs,
) -> list[Finding]:
    """Slips first: whatever else is said rests on the rows being right."""
    return [
        *_remark_on_rows(diagnostics, slips, inputs),
        *_remark_on_time(spec, n, diagnostics, time),
        *_remark_on_fit(spec, n, fitted, coefficients),
        *_remark_on_checks(diagnostics),
    ]


def _remark_on_rows(
    diagnostics: Diagnostics, slips: Sequence[Slip], inputs: Inputs
) -> list[Finding]:
    findings = [
        warn(
            "decimal_slip",
            places=[_name_row(inputs, slip.row)],
            column=slip.column,
            value=slip.value,
            likely=slip.likely,
        )
        for slip in slips[:SLIPS_SAID]
    ]
    said = {slip.row for slip in slips[:SLIPS_SAID]}
    outlying = [one.row for one in diagnostics.outlying if one.row not in said]
    if outlying:
        places = [_name_row(inputs, row) for row in outlying]
        findings.append(warn("outlying_rows", places=places, rows=outlying))
    influential = [one.row for one in diagnostics.influential]
    if influential:
        findings.append(warn("influential_rows", rows=influential, cook=diagnostics.max_cook))
    return findings


def _name_row(inputs: Inputs, row: int) -> str:
    """By its number, and by its period where it has one."""
    if inputs.calendar is None:
        return str(row)
    position = inputs.calendar.positions[row - 1]
    return (
        str(row) if position is None else f"{row} ({spell_period(inputs.calendar.step, position)})"
    )


def _remark_on_time(
    spec: RegressionSpec, n: int, diagnostics: Diagnostics, time: TimeModel | None
) -> list[Finding]:
    is_carried = _is_significant(diagnostics.breusch_godfrey_p)
    p, durbin_watson = diagnostics.breusch_godfrey_p, diagnostics.durbin_watson
    if time is None:
        if not is_carried:
            return []
        return [warn("autocorrelation_in_row_order", durbin_watson=durbin_watson, p=p)]
    findings = [_remark_on_calendar(spec, n, time)]
    if is_carried and time.carried_over is not None:
        findings.append(inform("autocorrelation", share=time.carried_over, p=p))
    elif is_carried:
        findings.append(warn("autocorrelation_ignored", durbin_watson=durbin_watson, p=p))
    return findings


def _remark_on_calendar(spec: RegressionSpec, n: int, time: TimeModel) -> Finding:
    least = len(spec.columns) + 2 + LEAST_LEFT
    if time.control == "none" and not spec.intercept:
        return warn("time_left_out")
    if time.control == "none":
        return warn("time_not_controlled", n=n, least=least)
    if time.step == "number":
        return warn("season_unknown")
    if time.control == "trend":
        return warn("season_not_controlled", n=n)
    return warn("season_in_part", n=n) if time.control == "part" else inform("time_controlled")


def _remark_on_fit(
    spec: RegressionSpec, n: int, fitted: Fit, coefficients: Mapping[str, Coefficient]
) -> list[Finding]:
    findings: list[Finding] = []
    if fitted.is_exact:
        findings.append(warn("exact_fit", response=spec.response))
    parameters = len(spec.columns) + spec.intercept
    least = ROWS_PER_PARAMETER * parameters
    if n < least:
        findings.append(warn("few_rows", n=n, parameters=parameters, least=least))
    inflated = {
        name: c.vif for name, c in coefficients.items() if c.vif is not None and c.vif > MAX_VIF
    }
    if inflated:
        largest = max(inflated.values())
        findings.append(warn("columns_overlap", columns=list(inflated), vif=largest, most=MAX_VIF))
    for name, c in coefficients.items():
        if c.direction == "against" and name in spec.predictors:
            findings.append(inform("moves_against", column=name, p_holm=c.p_holm))
        elif c.p_holm is not None and c.direction is None:
            findings.append(warn("weak_association", column=name, p_holm=c.p_holm))
    return findings


def _remark_on_checks(diagnostics: Diagnostics) -> list[Finding]:
    findings: list[Finding] = []
    if _is_significant(diagnostics.breusch_pagan_p):
        findings.append(warn("uneven_scatter", p=diagnostics.breusch_pagan_p))
    if _is_significant(diagnostics.reset_p):
        findings.append(warn("curved", p=diagnostics.reset_p))
    return findings


def _is_significant(p: float | None) -> bool:
    return p is not None and p < SIGNIFICANT
