"""Each rule by which a regression is refused or warned about."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.estimators.errors import (
    BadData,
    BadPeriods,
    BadProblem,
    IllConditioned,
    NotEnoughData,
    Refused,
    TooFarOutside,
)
from analytics.estimators.regression import RegressionSpec, estimate_regression

X = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
Y = [2.1, 3.9, 6.2, 7.8, 10.1, 12.2]
ONE = RegressionSpec("y", ("x",))
MONTHS = [f"2026-{month:02d}" for month in range(1, 7)]


def refuse(kind: type[Refused], spec: RegressionSpec, table: dict[str, list[object]]) -> dict:
    """The single finding of the refusal that is due, as {code: parameters}."""
    with pytest.raises(kind) as refusal:
        estimate_regression(spec, table)
    assert refusal.value.to_dict()["status"] == "refused"
    return {finding.code: dict(finding.parameters) for finding in refusal.value.findings}


def at(**point: float) -> RegressionSpec:
    return RegressionSpec("y", ("x",), forecast_at=(point,))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_rows_are_refused(n: int) -> None:
    found = refuse(NotEnoughData, ONE, {"x": X[:n], "y": Y[:n]})

    assert found == {"too_few_rows": {"n": n, "least": 3}}


def test_as_many_parameters_as_rows_are_refused() -> None:
    names = ("a", "b", "c")
    table = {name: list(np.random.default_rng(i).normal(size=4)) for i, name in enumerate("abcy")}

    found = refuse(NotEnoughData, RegressionSpec("y", names), table)

    assert found == {"too_few_rows": {"n": 4, "least": 5}}


@pytest.mark.parametrize("empty", [None, "", " ", float("nan"), "NA"])
def test_missing_values_are_refused_with_their_rows(empty: object) -> None:
    found = refuse(BadData, ONE, {"x": [1.0, empty, 3.0, 4.0, 5.0, empty], "y": Y})

    assert found == {"missing_values": {"column": "x", "count": 2, "rows": [2, 6]}}


@pytest.mark.parametrize("infinite", [float("inf"), "-inf", 1e200])
def test_infinite_values_are_refused_with_their_rows(infinite: object) -> None:
    found = refuse(BadData, ONE, {"x": X, "y": [*Y[:5], infinite]})

    assert found == {"infinite_values": {"column": "y", "count": 1, "rows": [6]}}


def test_texts_among_numbers_are_refused_with_their_rows() -> None:
    found = refuse(BadData, ONE, {"x": ["1", "two", "3", "4", "5", "6"], "y": Y})

    assert found == {"not_a_number": {"column": "x", "count": 1, "rows": [2]}}


@pytest.mark.parametrize("column", ["x", "y"])
def test_constant_column_is_refused(column: str) -> None:
    found = refuse(BadData, ONE, {"x": X, "y": Y, column: [0.1] * 6})

    assert found == {"constant_column": {"column": column}}


@pytest.mark.parametrize("column", ["x", "y"])
def test_column_alike_in_nearly_all_digits_is_refused_with_what_it_is(column: str) -> None:
    """NIST's SmLs07 and its like differ, and are not the same value in every row."""
    values = [1_000_000_000_000.4 + 0.1 * (row % 3) for row in range(6)]

    found = refuse(BadData, ONE, {"x": X, "y": Y, column: values})

    assert list(found) == ["too_few_digits"]
    assert found["too_few_digits"]["alike"] == 12


@pytest.mark.parametrize(
    ("of_x", "of_y"), [(1e-200, 1.0), (1.0, 1e-300), (1e-200, 1e-300), (1e99, 1e-200), (1e-306, 1)]
)
def test_extreme_units_change_nothing_but_the_units(of_x: float, of_y: float) -> None:
    plain = estimate_regression(at(x=3), {"x": X, "y": Y})

    far = estimate_regression(
        at(x=3 * of_x), {"x": [x * of_x for x in X], "y": [y * of_y for y in Y]}
    )

    slope, expected = far.coefficients["x"], plain.coefficients["x"]
    assert slope.estimate == pytest.approx(expected.estimate * of_y / of_x, rel=1e-12)
    assert slope.ci95 == pytest.approx([one * of_y / of_x for one in expected.ci95], rel=1e-9)
    assert far.r2 == pytest.approx(plain.r2, rel=1e-12)
    assert far.forecast[0].pi95 == pytest.approx(
        [one * of_y for one in plain.forecast[0].pi95], rel=1e-9
    )


@pytest.mark.parametrize(("of_x", "of_y"), [(1e-320, 1.0), (1e99, 1e-300), (1.0, 1e-310)])
def test_figures_beyond_a_double_are_refused(of_x: float, of_y: float) -> None:
    found = refuse(BadData, ONE, {"x": [x * of_x for x in X], "y": [y * of_y for y in Y]})

    assert list(found) == ["not_representable"]


def test_dependent_columns_are_refused_naming_them_alone() -> None:
    other = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6]
    table = {"x": X, "twice": [2 * x + 1 for x in X], "other": other, "y": Y}

    found = refuse(IllConditioned, RegressionSpec("y", ("x", "other", "twice")), table)

    assert found["collinear"]["columns"] == ["x", "twice"]


@pytest.mark.parametrize(("distance", "is_refused"), [(1e-9, True), (1e-6, False)])
def test_condition_is_refused_beyond_a_hundred_million(distance: float, is_refused: bool) -> None:
    near = [x + distance * (-1) ** i for i, x in enumerate(X)]
    spec, table = RegressionSpec("y", ("x", "near")), {"x": X, "near": near, "y": Y}

    if is_refused:
        assert refuse(IllConditioned, spec, table)["collinear"]["condition"] > 1e8
    else:
        assert 1e6 < estimate_regression(spec, table).diagnostics.condition < 1e8


def test_row_that_alone_decides_a_coefficient_is_refused() -> None:
    table = {"x": X, "fair": [0.0, 0.0, 0.0, 1.0, 0.0, 0.0], "y": Y}

    found = refuse(BadData, RegressionSpec("y", ("x", "fair")), table)

    assert found == {"leverage_of_one": {"rows": [4]}}


def test_doubled_period_is_refused() -> None:
    table = {"x": X, "y": Y, "month": [*MONTHS[:5], "2026-05"]}

    found = refuse(BadPeriods, RegressionSpec("y", ("x",), period="month"), table)

    assert found == {"period_doubled": {"column": "month", "periods": ["2026-05"]}}


def test_missing_period_is_refused() -> None:
    table = {"x": X, "y": Y, "month": [*MONTHS[:3], "2026-05", "2026-06", "2026-09"]}

    found = refuse(BadPeriods, RegressionSpec("y", ("x",), period="month"), table)

    assert found == {
        "period_missing": {
            "column": "month",
            "periods": ["2026-04", "2026-07", "2026-08"],
            "count": 3,
        }
    }


def test_unreadable_period_is_refused_with_its_row() -> None:
    table = {"x": X, "y": Y, "month": [*MONTHS[:5], "soon"]}

    found = refuse(BadPeriods, RegressionSpec("y", ("x",), period="month"), table)

    assert found == {"period_unreadable": {"column": "month", "rows": [6]}}


@pytest.mark.parametrize("value", [-4.01, 11.01])
def test_forecast_more_than_one_range_outside_is_refused(value: float) -> None:
    found = refuse(TooFarOutside, at(x=value), {"x": X, "y": Y})

    assert found == {"forecast_too_far": {"column": "x", "value": value, "low": 1, "high": 6}}


@pytest.mark.parametrize("value", [-4.0, 0.9, 6.1, 11.0])
def test_forecast_outside_within_one_range_is_warned_about(value: float) -> None:
    result = estimate_regression(at(x=value), {"x": X, "y": Y})

    assert "extrapolation" in {finding.code for finding in result.findings}


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (RegressionSpec("y", ()), "no_predictors"),
        (RegressionSpec("y", ("x", "x")), "name_twice"),
        (RegressionSpec("y", ("y",)), "name_twice"),
        (RegressionSpec("const", ("x",)), "name_reserved"),
        (RegressionSpec("y", ("z",)), "unknown_column"),
        (at(), "forecast_value_missing"),
        (at(x=3, z=1), "forecast_value_unknown"),
        (at(x=float("nan")), "forecast_value_infinite"),
    ],
)
def test_question_that_does_not_hold_together_is_refused(spec: RegressionSpec, code: str) -> None:
    assert list(refuse(BadProblem, spec, {"x": X, "y": Y, "const": Y})) == [code]


def test_columns_of_unequal_length_are_refused() -> None:
    found = refuse(BadProblem, ONE, {"x": X, "y": Y[:5]})

    assert found == {"lengths_differ": {"lengths": {"y": 5, "x": 6}}}


def warn_about(table: dict[str, object], *predictors: str) -> set[str]:
    result = estimate_regression(RegressionSpec("y", predictors or ("x",)), table)
    codes = {finding.code for finding in result.findings if finding.severity == "warn"}
    assert result.status == ("ok_with_warnings" if codes else "ok")
    return codes


def draw(n: int = 60, **make: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> dict:
    rng = np.random.default_rng(11)
    x = rng.uniform(1, 6, n)
    return {"x": x, **{name: one(x, rng) for name, one in make.items()}}


def test_clean_data_are_ok_without_warnings() -> None:
    table = draw(y=lambda x, rng: 2 * x + rng.normal(0, 0.5, x.size))

    assert warn_about(table) == set()


def test_few_rows_are_warned_about_below_ten_per_parameter() -> None:
    def make_line(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return 2 * x + rng.normal(0, 0.3, x.size)

    assert "few_rows" in warn_about(draw(19, y=make_line))
    assert "few_rows" not in warn_about(draw(20, y=make_line))


def test_overlapping_columns_are_warned_about() -> None:
    table = draw(
        z=lambda x, rng: x + rng.normal(0, 0.1, x.size),
        y=lambda x, rng: 2 * x + rng.normal(0, 0.5, x.size),
    )

    assert "columns_overlap" in warn_about(table, "x", "z")


def test_association_no_stronger_than_chance_is_warned_about() -> None:
    table = draw(y=lambda x, rng: rng.normal(0, 1, 4 * x.size)[-x.size :])

    assert warn_about(table) == {"weak_association"}


def test_channel_whose_interval_alone_leaves_zero_out_is_left_open_by_the_adjusted_test() -> None:
    """Of eight columns one passes at p = 0.02 by chance: headline and finding go by Holm's p."""
    rng = np.random.default_rng(2)
    table = {f"x{i}": rng.normal(size=60) for i in range(8)}
    table["y"] = -2 * table["x0"] + 0.33 * table["x1"] + rng.normal(size=60)

    result = estimate_regression(RegressionSpec("y", tuple(f"x{i}" for i in range(8))), table)

    second = result.coefficients["x1"]
    assert second.ci95[0] > 0
    assert second.p < 0.05 < second.p_holm
    assert (result.coefficients["x0"].direction, second.direction) == ("against", None)
    said = {(one.code, one.parameters.get("column")) for one in result.findings}
    assert {("moves_against", "x0"), ("weak_association", "x1")} <= said


def test_row_that_does_not_fit_is_named_though_it_hardly_moves_the_line() -> None:
    table = draw(y=lambda x, rng: 2 * x + rng.normal(0, 0.5, x.size))
    middle = int(np.argmin(np.abs(table["x"] - table["x"].mean())))
    table["y"][middle] += 4

    result = estimate_regression(ONE, table)

    (outlier,) = result.diagnostics.outlying
    assert outlier.row == middle + 1
    finding = next(one for one in result.findings if one.code == "outlying_rows")
    assert finding.parameters["places"] == [str(middle + 1)]


def test_slip_among_equal_spends_and_beside_an_exact_line_is_named() -> None:
    spend = [7.0, 70.0, *[7.0] * 8, 7.5, 8.0]
    table = {"x": spend, "y": [2 * 7.0 if x == 70 else 2 * x for x in spend]}

    result = estimate_regression(ONE, table)

    assert [(one.row, one.column, one.likely) for one in result.slips] == [(2, "x", 7.0)]
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["slips"]


def test_uneven_scatter_is_warned_about() -> None:
    table = draw(200, y=lambda x, rng: 2 * x + rng.normal(0, 1, x.size) * x**2 / 9)

    assert "uneven_scatter" in warn_about(table)


def test_curve_is_warned_about() -> None:
    table = draw(y=lambda x, rng: x**2 + rng.normal(0, 0.5, x.size))

    assert "curved" in warn_about(table)


def test_influential_row_is_warned_about_and_named() -> None:
    table = draw(y=lambda x, rng: 2 * x + rng.normal(0, 0.5, x.size))
    table = {"x": [*table["x"], 12.0], "y": [*table["y"], 3.0]}

    result = estimate_regression(ONE, table)

    finding = next(one for one in result.findings if one.code == "influential_rows")
    assert finding.parameters["rows"] == [61]


def test_exact_fit_is_warned_about_and_nothing_is_tested_on_it() -> None:
    result = estimate_regression(ONE, {"x": X, "y": [3 * x - 1 for x in X]})

    slope = result.coefficients["x"]
    assert "exact_fit" in {finding.code for finding in result.findings}
    assert slope.estimate == pytest.approx(3)
    assert (slope.t, slope.p, result.diagnostics.durbin_watson) == (None, None, None)


ROWS = st.lists(
    st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=5, max_size=12, unique=True
).filter(lambda rows: len({x for x, _ in rows}) > 2 and len({y for _, y in rows}) > 2)


@settings(max_examples=40)
@given(ROWS)
def test_changing_units_by_powers_of_two_changes_no_bit(rows: list[tuple[int, int]]) -> None:
    x, y = ([float(one) for one in column] for column in zip(*rows, strict=True))

    plain = estimate_regression(ONE, {"x": x, "y": y})
    scaled = estimate_regression(ONE, {"x": [v * 8 for v in x], "y": [v / 4 for v in y]})

    assert scaled.coefficients["x"].estimate == plain.coefficients["x"].estimate / 32
    assert scaled.coefficients["x"].se_hc3 == plain.coefficients["x"].se_hc3 / 32
    assert scaled.r2 == plain.r2


@settings(max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows: list[tuple[int, int]], random: object) -> None:
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    plain, other = (
        estimate_regression(ONE, {"x": [r[0] for r in table], "y": [r[1] for r in table]})
        for table in (rows, mixed)
    )

    for name in ("const", "x"):
        expected = plain.coefficients[name]
        found = other.coefficients[name]
        assert found.estimate == pytest.approx(expected.estimate, rel=1e-9, abs=1e-11)
        assert found.se == pytest.approx(expected.se, rel=1e-9, abs=1e-9)


def test_equal_inputs_give_equal_bits() -> None:
    table = draw(500, y=lambda x, rng: 2 * x + rng.normal(0, 0.5, x.size))

    first, second = (estimate_regression(ONE, dict(table)) for _ in range(2))

    assert first == second
