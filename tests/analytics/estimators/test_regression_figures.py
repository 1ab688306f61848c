"""Regression figures against certified data, exact rationals, and statsmodels' own diagnostics."""

import math
from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats import diagnostic
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.outliers_influence import variance_inflation_factor
from statsmodels.stats.stattools import durbin_watson

from analytics.estimators.errors import IllConditioned
from analytics.estimators.regression import RegressionSpec, estimate_regression
from tests.analytics.reference.exact_least_squares import Exact, solve_exactly
from tests.analytics.reference.nist_sets import FILIP, SETS, Certified

SPEND = [5, 7, 9, 6, 8, 10, 7, 9, 6, 8]
SALES = [8, 11, 13, 9, 12, 15, 10, 14, 9, 12]
T_975_8 = 2.3060041352041662  # Student's t, 8 degrees of freedom, from printed tables


def count_digits(found: float, certified: float) -> float:
    """Right digits; for a certified zero, how far from it."""
    if found == certified:
        return 17.0
    return -math.log10(abs(found - certified) / (abs(certified) or 1.0))


def list_figures(exact: Exact) -> list[float]:
    return [*map(float, exact.estimates), *exact.errors, exact.residual_sd, exact.r2]


@pytest.mark.parametrize("certified", [*SETS, FILIP], ids=lambda one: one.name)
def test_reference_data_in_exact_rationals_give_the_certified_values(certified: Certified) -> None:
    exact = solve_exactly(certified.columns, certified.response, intercept=certified.intercept)

    expected = [*certified.estimates, *certified.errors, certified.residual_sd, certified.r2]
    digits = [count_digits(a, b) for a, b in zip(list_figures(exact), expected, strict=True)]
    assert min(digits) > 13.5


@pytest.mark.parametrize("certified", SETS, ids=lambda one: one.name)
def test_regression_on_certified_data_has_the_promised_digits(certified: Certified) -> None:
    spec = RegressionSpec("y", certified.predictors, intercept=certified.intercept)

    result = estimate_regression(spec, certified.table)

    found = [
        *(c.estimate for c in result.coefficients.values()),
        *(c.se for c in result.coefficients.values()),
        *(result.residual_sd, result.r2),
    ]
    expected = [*certified.estimates, *certified.errors, certified.residual_sd, certified.r2]
    digits = [count_digits(a, b) for a, b in zip(found, expected, strict=True)]
    assert min(digits) >= certified.digits


def test_regression_on_filip_is_refused_by_its_condition() -> None:
    table = {name: [float(Fraction(x)) for x in column] for name, column in FILIP.table.items()}

    with pytest.raises(IllConditioned) as refusal:
        estimate_regression(RegressionSpec("y", FILIP.predictors), table)

    (finding,) = refusal.value.findings
    assert finding.code == "collinear"
    assert finding.parameters["condition"] > 1e8


def test_ten_months_give_the_figures_of_exact_rationals() -> None:
    exact = solve_exactly([list(map(str, SPEND))], list(map(str, SALES)), intercept=True)
    assert exact.estimates == [Fraction(7, 15), Fraction(13, 9)]
    at_ten = [Fraction(1), Fraction(10)]
    mean, variance = float(exact.mean_at(at_ten)), float(exact.variance_at(at_ten))
    spec = RegressionSpec("sales", ("spend",), forecast_at=({"spend": 10},))

    result = estimate_regression(spec, {"spend": SPEND, "sales": SALES})

    const, slope = result.coefficients["const"], result.coefficients["spend"]
    (forecast,) = result.forecast
    margin = T_975_8 * math.sqrt(variance)
    wide = T_975_8 * math.sqrt(variance + float(exact.variance))
    found = [
        *(const.estimate, slope.estimate, const.se, slope.se, const.se_hc3, slope.se_hc3),
        *(*slope.ci95, result.residual_sd, result.r2, result.r2_leave_one_out),
        *(forecast.mean, *forecast.ci95, *forecast.pi95),
    ]
    expected = [
        *map(float, exact.estimates),
        *exact.errors,
        *exact.errors_hc3,
        float(exact.estimates[1]) - T_975_8 * exact.errors[1],
        float(exact.estimates[1]) + T_975_8 * exact.errors[1],
        *(exact.residual_sd, exact.r2, exact.r2_leave_one_out),
        *(mean, mean - margin, mean + margin, mean - wide, mean + wide),
    ]
    assert found == pytest.approx(expected, rel=1e-13)
    assert result.n == 10
    assert result.r2_adjusted == pytest.approx(float(1 - (1 - Fraction(exact.r2)) * 9 / 8))


def test_ten_months_are_not_the_common_wrong_answer() -> None:
    """y = 1.5x + 2 leaves a mean residual of -1.95 and forecasts 17; least squares leaves none."""
    result = estimate_regression(
        RegressionSpec("sales", ("spend",), forecast_at=({"spend": 10},)),
        {"spend": SPEND, "sales": SALES},
    )

    wrong = [y - (1.5 * x + 2) for x, y in zip(SPEND, SALES, strict=True)]
    assert sum(wrong) / 10 == pytest.approx(-1.95)
    assert sum(result.residuals) == pytest.approx(0, abs=1e-12)
    assert sum(e * e for e in result.residuals) < sum(e * e for e in wrong) / 30
    assert result.forecast[0].pi95[1] < 17


def make_table(n: int = 40, seed: int = 7) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    ads, events = rng.uniform(5, 10, n), rng.uniform(0, 3, n)
    sales = 2 + 1.5 * ads + 4 * events + rng.normal(0, 1, n) * ads / 7
    return {"ads": ads, "events": events, "sales": sales}


@pytest.mark.parametrize("intercept", [True, False])
def test_errors_and_row_figures_agree_with_statsmodels(intercept: bool) -> None:
    table = make_table()
    raw = np.column_stack([table["ads"], table["events"]])
    theirs = sm.OLS(table["sales"], sm.add_constant(raw) if intercept else raw).fit()
    influence = theirs.get_influence()

    ours = estimate_regression(RegressionSpec("sales", ("ads", "events"), intercept), table)

    checks = ours.diagnostics
    spread = diagnostic.het_breuschpagan(theirs.resid, sm.add_constant(raw))
    found = [c.se_hc3 for c in ours.coefficients.values()]
    assert found == pytest.approx(theirs.HC3_se, rel=1e-9)
    assert checks.leverage == pytest.approx(influence.hat_matrix_diag, rel=1e-9)
    assert checks.cook == pytest.approx(influence.cooks_distance[0], rel=1e-9)
    assert checks.studentised_residuals == pytest.approx(
        influence.resid_studentized_external, rel=1e-9
    )
    assert checks.durbin_watson == pytest.approx(durbin_watson(theirs.resid), rel=1e-9)
    assert checks.breusch_pagan_p == pytest.approx(spread[1], rel=1e-8)


def test_tests_of_assumptions_agree_with_statsmodels() -> None:
    table = make_table()
    design = sm.add_constant(np.column_stack([table["ads"], table["events"]]))
    theirs = sm.OLS(table["sales"], design).fit()
    godfrey = diagnostic.acorr_breusch_godfrey(theirs, nlags=1, result_object=False)
    reset = diagnostic.linear_reset(theirs, power=3, use_f=True)
    vifs = [variance_inflation_factor(design, i) for i in (1, 2)]

    ours = estimate_regression(RegressionSpec("sales", ("ads", "events")), table)

    assert ours.diagnostics.breusch_godfrey_p == pytest.approx(godfrey[1], rel=1e-8)
    assert ours.diagnostics.reset_p == pytest.approx(float(reset.pvalue), rel=1e-6)
    assert [ours.coefficients[name].vif for name in ("ads", "events")] == pytest.approx(vifs)


def test_adjusted_p_values_agree_with_statsmodels() -> None:
    rng = np.random.default_rng(8)
    columns = {f"x{i}": rng.normal(size=40) for i in range(4)}
    table = {**columns, "y": 0.5 * columns["x0"] + 0.3 * columns["x1"] + rng.normal(size=40)}

    result = estimate_regression(RegressionSpec("y", tuple(columns)), table)

    found = [result.coefficients[name] for name in columns]
    expected = multipletests([one.p for one in found], method="holm")[1]
    assert [one.p_holm for one in found] == pytest.approx(expected)
    assert result.coefficients["const"].p_holm is None


def make_carried_over(n: int = 60) -> dict[str, list[object]]:
    """Monthly figures whose left-overs carry over strongly from month to month."""
    rng = np.random.default_rng(3)
    spend, left = rng.uniform(5, 10, n), np.zeros(n)
    for month in range(1, n):
        left[month] = 0.9 * left[month - 1] + rng.normal()
    months = [f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(n)]
    return {"month": months, "spend": list(spend), "sales": list(3 * spend + left)}


def test_hac_errors_in_time_agree_with_statsmodels() -> None:
    table = make_carried_over()
    order = np.random.default_rng(1).permutation(60)
    shuffled = {name: [column[i] for i in order] for name, column in table.items()}
    lags = int(4 * (60 / 100) ** (2 / 9))
    through_zero = sm.OLS(table["sales"], np.array(table["spend"])).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}
    )

    result = estimate_regression(
        RegressionSpec("sales", ("spend",), intercept=False, period="month"), shuffled
    )

    slope = result.coefficients["spend"]
    assert (result.errors, result.hac_lags) == ("ar1", lags)
    assert slope.least_squares == pytest.approx(through_zero.params[0], rel=1e-12)
    assert slope.se_hac == pytest.approx(through_zero.bse[0], rel=1e-9)
    assert slope.se != pytest.approx(slope.se_hac, rel=1e-3)


def test_autocorrelation_without_periods_is_said_and_errors_stay_classical() -> None:
    table = make_carried_over()

    result = estimate_regression(RegressionSpec("sales", ("spend",)), table)

    assert result.errors == "classical"
    assert "autocorrelation_in_row_order" in {finding.code for finding in result.findings}
