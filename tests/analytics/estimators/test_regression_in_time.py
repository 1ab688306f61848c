"""Rows in time: trend, season and what carries over, against dense matrices and simulated truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.linalg import toeplitz
from scipy.optimize import brentq

from analytics.estimators.regression import RegressionSpec, estimate_regression
from tests.analytics.reference.simulated_series import (
    CLAIMS,
    COVERAGE,
    NAMING,
    SPEC,
    Carried,
    Shared,
    Slipped,
    measure_claims,
    measure_coverage,
    measure_naming,
    seed_of,
    spell_months,
)

SPEND = [5, 7, 9, 6, 8, 10, 7, 9, 6, 8]
SALES = [8, 11, 13, 9, 12, 15, 10, 14, 9, 12]


def list_codes(result: object) -> set[str]:
    return {finding.code for finding in result.findings}


def make_dummies(n: int) -> np.ndarray:
    """Constant, spend's place, trend, and a column for each month but the first."""
    month = np.arange(n) % 12
    return np.column_stack([np.arange(n), *[(month == m) * 1.0 for m in range(1, 12)]])


def test_months_too_few_for_time_give_least_squares_and_say_so() -> None:
    table = {"month": spell_months(10), "spend": SPEND, "sales": SALES}

    result = estimate_regression(SPEC, table)

    assert result.coefficients["spend"].estimate == pytest.approx(13 / 9, rel=1e-13)
    assert (result.errors, result.time.control) == ("classical", "none")
    assert "time_not_controlled" in list_codes(result)


def test_least_squares_with_trend_and_season_are_those_of_monthly_columns() -> None:
    table = Shared(48).draw(np.random.default_rng(5))
    columns = sm.add_constant(np.column_stack([table["spend"], make_dummies(48)]))

    theirs = sm.OLS(table["sales"], columns).fit()

    ours = estimate_regression(SPEC, table)
    assert ours.coefficients["spend"].least_squares == pytest.approx(theirs.params[1], rel=1e-9)
    assert ours.coefficients["spend"].se == pytest.approx(theirs.bse[1], rel=1e-9)
    assert ours.time.trend.least_squares == pytest.approx(theirs.params[2], rel=1e-9)
    assert (ours.time.control, ours.time.season_columns) == ("full", 11)
    assert "time_controlled" in list_codes(ours)


def test_estimate_and_interval_are_those_of_dense_generalised_least_squares() -> None:
    """Zellner and Tiao's mixture written out: a matrix for each rho, integrated over its angle."""
    n = 30
    table = Carried(n, 0.7, 0.5).draw(np.random.default_rng(9))
    columns = sm.add_constant(np.column_stack([table["spend"], make_dummies(n)]))
    df = n - columns.shape[1] - 1
    angles = (np.arange(400) + 0.5) / 400 * np.pi - np.pi / 2
    logs, centres, scales = [], [], []
    for rho in np.sin(angles):
        omega = toeplitz(rho ** np.arange(n)) / (1 - rho**2)
        fit = sm.GLS(table["sales"], columns, sigma=omega).fit()
        inner = columns.T @ np.linalg.solve(omega, columns)
        logs.append(
            -np.linalg.slogdet(omega)[1] / 2
            - np.linalg.slogdet(inner)[1] / 2
            - df / 2 * np.log(fit.ssr)
        )
        centres.append(fit.params[1])
        scales.append(np.sqrt(fit.ssr / df * np.linalg.inv(inner)[1, 1]))
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    mean = weights @ np.array(centres)

    def reach(value: float, share: float) -> float:
        return (
            float(weights @ stats.t.cdf((value - np.array(centres)) / np.array(scales), df)) - share
        )

    expected = [brentq(reach, mean - 20, mean + 20, args=(share,)) for share in (0.025, 0.975)]

    found = estimate_regression(SPEC, table).coefficients["spend"]

    assert found.estimate == pytest.approx(mean, rel=1e-5)
    assert found.ci95 == pytest.approx(expected, rel=1e-5)


def test_order_of_rows_does_not_matter_where_they_have_periods() -> None:
    table = Carried(36, 0.6, 0.0).draw(np.random.default_rng(2))
    mixed = np.random.default_rng(1).permutation(36)
    shuffled = {name: [column[row] for row in mixed] for name, column in table.items()}

    plain, other = estimate_regression(SPEC, table), estimate_regression(SPEC, shuffled)

    assert other.coefficients["spend"].ci95 == pytest.approx(plain.coefficients["spend"].ci95)


@pytest.mark.parametrize(
    ("periods", "control", "columns", "code"),
    [
        (spell_months(12), "trend", 0, "season_not_controlled"),
        (spell_months(16), "part", 2, "season_in_part"),
        (spell_months(24), "full", 11, "time_controlled"),
        ([f"{2020 + q // 4}-Q{q % 4 + 1}" for q in range(20)], "full", 3, "time_controlled"),
        (list(range(1, 31)), "trend", 0, "season_unknown"),
        ([str(year) for year in range(1990, 2020)], "full", 0, "time_controlled"),
    ],
)
def test_calendar_says_how_much_of_it_is_taken_out(
    periods: list[object], control: str, columns: int, code: str
) -> None:
    rng = np.random.default_rng(4)
    spend = rng.uniform(5, 10, len(periods))
    table = {"month": periods, "spend": spend, "sales": spend + rng.normal(size=len(periods))}

    result = estimate_regression(SPEC, table)

    assert (result.time.control, result.time.season_columns) == (control, columns)
    assert code in list_codes(result)


def test_forecast_is_for_the_next_month_with_its_trend_and_season() -> None:
    n = 36
    month = np.arange(n)
    rng = np.random.default_rng(3)
    spend = rng.uniform(5, 10, n)
    season = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50.0])[month % 12]
    sales = 100 + 2 * month + 3 * spend + season + rng.normal(0, 0.1, n)
    table = {"month": spell_months(n), "spend": spend, "sales": sales}
    spec = RegressionSpec("sales", ("spend",), period="month", forecast_at=({"spend": 8},))

    (forecast,) = estimate_regression(spec, table).forecast

    low, high = forecast.pi95
    assert forecast.period == "2023-01"
    assert low < 100 + 2 * n + 3 * 8 < high
    assert high - low < 2


def test_controls_are_taken_out_and_reported_apart() -> None:
    rng = np.random.default_rng(6)
    price = rng.uniform(10, 20, 40)
    spend = price + rng.normal(0, 1, 40)
    sales = 5 * price + rng.normal(0, 1, 40)
    table = {"month": spell_months(40), "spend": spend, "price": price, "sales": sales}

    without = estimate_regression(SPEC, table)
    result = estimate_regression(
        RegressionSpec("sales", ("spend",), period="month", controls=("price",)), table
    )

    assert without.coefficients["spend"].direction == "with"
    assert set(result.coefficients) == {"const", "spend"}
    assert result.coefficients["spend"].direction is None
    low, high = result.controls["price"].ci95
    assert low < 5 < high
    assert set(result.to_dict()["controls"]) == {"price"}


@pytest.mark.parametrize(
    "case", [Carried(24, 0.9, 0.9), Carried(60, 0.9, 0.0), Carried(60, 1.0, 1.0)], ids=repr
)
def test_interval_holds_the_truth_where_left_overs_carry_over(case: Carried) -> None:
    assert measure_coverage(case, 60) >= 0.90


def test_true_zero_beside_a_shared_trend_and_season_is_not_claimed() -> None:
    assert measure_claims(Shared(36, 0.6), 60) <= 0.07


@pytest.mark.parametrize("column", ["sales", "spend"])
@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_slip_of_the_decimal_point_is_named(column: str, factor: float) -> None:
    assert measure_naming(Slipped(24, column, factor), 40) >= 0.95


def test_slip_in_one_month_is_named_with_the_figure_that_would_fit() -> None:
    table = Carried(36, 0.3, 0.0).draw(seed_of("slip"))
    right = table["sales"][6]
    table["sales"][6] = right * 10

    result = estimate_regression(SPEC, table)

    (slip,) = result.slips
    assert (slip.row, slip.column) == (7, "sales")
    assert slip.likely == pytest.approx(right)
    finding = next(one for one in result.findings if one.code == "decimal_slip")
    assert finding.parameters["places"] == ["7 (2020-07)"]


@pytest.mark.long
@pytest.mark.parametrize("case", COVERAGE, ids=repr)
def test_interval_holds_the_truth_in_nine_of_ten_draws(case: Carried) -> None:
    assert measure_coverage(case, 500) >= 0.90


@pytest.mark.long
@pytest.mark.parametrize("case", CLAIMS, ids=repr)
def test_true_zero_is_claimed_in_seven_of_a_hundred_draws_at_most(case: Shared) -> None:
    assert measure_claims(case, 500) <= 0.07


@pytest.mark.long
@pytest.mark.parametrize("case", NAMING, ids=repr)
def test_slip_is_named_in_nineteen_of_twenty_draws(case: Slipped) -> None:
    assert measure_naming(case, 500) >= 0.95
