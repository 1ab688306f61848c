"""The headline of a regression: it says what the findings say, in both languages."""

from typing import Any

import numpy as np
import pytest
from django.utils import translation

from analytics.estimators.regression import RegressionSpec, estimate_regression
from analytics.models import Run
from analytics.verdicts import verdict, worded_findings
from tests.analytics.reference.simulated_series import Carried, spell_months


def answer(table: dict[str, Any], *channels: str) -> Run:
    """A finished run, as stored."""
    spec = RegressionSpec("sales", channels, period="month")
    figures = estimate_regression(spec, table).to_dict()
    status, findings = figures.pop("status"), figures.pop("findings")
    return Run(
        kind=Run.Kind.REGRESSION,
        status=status,
        findings=findings,
        figures=figures,
        parameters={"currency": "EUR"},
    )


def draw_channels(n: int = 60) -> dict[str, Any]:
    rng = np.random.default_rng(12)
    table: dict[str, Any] = {f"x{i}": rng.uniform(5, 10, n) for i in range(6)}
    table["sales"] = 3 * table["x0"] - 2 * table["x1"] + rng.normal(0, 1, n)
    return table | {"month": spell_months(n)}


def test_headline_names_channels_by_the_sign_and_the_test_of_their_findings() -> None:
    run = answer(draw_channels(), *(f"x{i}" for i in range(6)))

    open_ones = {f["parameters"]["column"] for f in run.findings if f["code"] == "weak_association"}
    with translation.override("en"):
        said = verdict(run)
    assert open_ones == {"x2", "x3", "x4", "x5"}
    assert said == (
        "Sales clearly move together with spend on: x0. "
        "Sales are clearly lower in months with more spend on: x1."
    )
    with translation.override("zh-hans"):
        assert "x1" in verdict(run).split("销售额明显较低")[1]


@pytest.mark.parametrize(("p_holm", "is_named"), [(0.04, True), (0.2, False)])
def test_headline_of_runs_from_before_goes_by_the_same_p(p_holm: float, is_named: bool) -> None:
    """Both intervals leave zero out; the adjusted p alone decides."""
    part = {"estimate": 2.0, "ci95": [0.5, 3.5], "p_holm": p_holm}
    run = Run(
        kind=Run.Kind.REGRESSION,
        status="ok",
        figures={"coefficients": {"const": part, "Ads": part, "Fair": part}},
    )

    assert ("clearly move together" in verdict(run)) is is_named


def test_headline_of_an_exact_fit_from_before_names_what_moves() -> None:
    """It has no p; nothing is left over, so its interval tells."""
    exact = {"estimate": 2.0, "ci95": [2.0, 2.0], "p_holm": None}
    flat = {"estimate": 0.0, "ci95": [-1e-15, 1e-15], "p_holm": None}
    run = Run(
        kind=Run.Kind.REGRESSION,
        status="ok",
        figures={"coefficients": {"const": exact, "Ads": exact, "Fair": flat}},
    )

    assert verdict(run) == "Sales clearly move together with spend on: Ads."


def test_headline_names_a_row_with_two_slips_once() -> None:
    table = Carried(36, 0.3, 0.0).draw(np.random.default_rng(4))
    rng = np.random.default_rng(5)
    table |= {"ads": 10 + rng.normal(size=36), "fair": 10 + rng.normal(size=36)}
    for channel in ("ads", "fair"):
        table[channel][6] *= 10

    run = answer(table, "ads", "fair")

    assert [f["parameters"]["column"] for f in run.findings[1:3]] == ["ads", "fair"]
    assert verdict(run).count("7 (2020-07)") == 1


def test_headline_begins_with_the_row_that_looks_wrong() -> None:
    table = Carried(36, 0.3, 0.0).draw(np.random.default_rng(4))
    table["sales"][6] *= 10

    said = verdict(answer(table, "spend"))

    assert said.startswith("First check these rows, which do not fit the others: 7 (2020-07).")


@pytest.mark.parametrize(
    ("n", "caution"),
    [(10, "Trend and season are not taken out."), (12, "The season is not taken out."), (24, "")],
)
def test_headline_says_what_of_the_calendar_is_left_in(n: int, caution: str) -> None:
    rng = np.random.default_rng(2)
    spend = rng.uniform(5, 10, n)
    table = {"month": spell_months(n), "spend": spend, "sales": 3 * spend + rng.normal(size=n)}

    said = verdict(answer(table, "spend"))

    assert said.startswith(f"{caution} One more EUR of spend".strip())


def test_findings_of_runs_from_before_still_have_their_words() -> None:
    """Stored with fewer parameters than today's."""
    run = Run(
        findings=[
            {
                "code": "influential_rows",
                "severity": "warn",
                "parameters": {"rows": [3], "cook": 2},
            },
            {
                "code": "autocorrelation",
                "severity": "warn",
                "parameters": {"durbin_watson": 0.4, "p": 0.001},
            },
        ]
    )

    assert [finding["sentence"] for finding in worded_findings(run)] == [
        "These rows move the line on their own: 3.",
        "What is left over in one period carries over to the next.",
    ]
