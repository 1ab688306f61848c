"""What pages, mails and files say of segments and budgets: headline, tables, plain numbers."""

from typing import Any

import numpy as np
import pytest

from analytics import charts
from analytics.admin.export import figures_as_csv
from analytics.datasets import Snapshot
from analytics.estimators.budget import BudgetSpec, Channel, allocate_budget
from analytics.estimators.segmentation import SegmentationSpec, find_segments
from analytics.models import Run
from analytics.services.calculations.budget import answer
from analytics.tables import list_tables
from analytics.verdicts import verdict

ADS, SOCIAL, EVENTS = (
    Channel("Ads", 0.01, 30_000),
    Channel("Social", 0.008, 20_000),
    Channel("Events", 0.005, 10_000, 5_000),
)


def run_of(kind: str, result: Any, **parameters: Any) -> Run:
    figures = result.to_dict()
    status = figures.pop("status")
    findings = figures.pop("findings")
    return Run(kind=kind, status=status, findings=findings, figures=figures, parameters=parameters)


def group(spread: float, k: int | None) -> Run:
    """Two clear groups (a small spread) or one cloud, whose amounts are skewed."""
    rng = np.random.default_rng(4)
    place = np.repeat([0.0, 8.0], 60) * (spread < 1)
    columns = {
        "recency_days": place * 30 + rng.normal(300, 20, 120),
        "monetary_amount": np.exp(place + rng.normal(3, 1, 120)),
    }
    result = find_segments(SegmentationSpec(tuple(columns), k=k), columns)
    return run_of(Run.Kind.SEGMENTS, result, k=k)


@pytest.mark.parametrize(
    ("spread", "k", "sentence"),
    [
        (0.5, None, "The 120 customers form 2 segments."),
        (0.5, 2, "In 2 segments, as asked for, the 120 customers group stably."),
        (2, None, "There are no stable segments among these customers."),
        (
            2,
            3,
            "The 120 customers were put into 3 segments, as asked for, but these are not stable: "
            "other samples would group them differently.",
        ),
    ],
)
def test_headline_of_segments_says_who_chose_and_whether_they_hold(
    spread: float, k: int | None, sentence: str
) -> None:
    assert verdict(group(spread, k)) == sentence


def test_segments_that_come_back_but_do_not_stand_out_are_not_called_unstable() -> None:
    """Apart in one column of three: found again in every sample, but lost beside a full box."""
    points = np.random.default_rng(2).normal(size=(300, 3))
    points[:150, 0] += 6
    columns = {f"x{place}": column for place, column in enumerate(points.T)}

    result = find_segments(SegmentationSpec(tuple(columns), k=2), columns)

    assert result.stability > 0.9
    assert [finding.code for finding in result.findings] == ["segments_not_distinct"]
    assert verdict(run_of(Run.Kind.SEGMENTS, result, k=2)) == (
        "The 300 customers were put into 2 segments, as asked for, but these do not stand out: "
        "customers without any groups would divide much the same."
    )


def test_table_of_segments_shows_mean_and_median_by_name() -> None:
    run = group(0.5, 2)

    table = list_tables(run)[0]

    assert table.headers[-2:] == ["Amount bought, mean", "Amount bought, median"]
    portrait = run.figures["segments"][0]["portrait"]["monetary_amount"]
    shown = [float(cell.replace(",", "")) for cell in table.rows[0][-2:]]
    assert shown == pytest.approx([portrait["mean"], portrait["median"]], rel=1e-3)
    assert portrait["mean"] != pytest.approx(portrait["median"], rel=0.1)


def budget_run() -> Run:
    result = allocate_budget(BudgetSpec("per_unit", 60_000, (ADS, SOCIAL, EVENTS)))
    return run_of(Run.Kind.BUDGET, result, currency="EUR")


def test_prices_of_limits_are_shown_for_an_amount_that_wins_somebody() -> None:
    _allocation, prices = list_tables(budget_run())

    assert prices.title == "What 1,000 EUR of a limit are worth, in new customers"
    assert prices.rows == [
        ["total budget", "5", "0"],
        ["cap of Ads", "10", "5"],
        ["cap of Social", "8", "3"],
        ["cap of Events", "5", "0"],
        ["floor of Events", "0", "0"],
    ]


def test_csv_of_a_run_holds_numbers_without_groups() -> None:
    text = figures_as_csv(budget_run()).content.decode("utf-8-sig")

    assert "Ads,30000\r\n" in text
    assert "30,000" not in text


def test_ladder_is_drawn_through_the_totals_where_money_turns() -> None:
    effects = {"a": ("10", "30"), "b": ("8", "20"), "c": ("5", "10")}
    rows = tuple(
        {"name": name, "effect": effect, "cap": cap, "floor": None}
        for name, (effect, cap) in effects.items()
    )
    parameters = {"currency": "EUR", "total": "60", "unit": "per_unit"}

    answered = answer(Snapshot(columns=(), rows=rows), parameters, seed=1)

    drawn = {row["total"]: row["allocation"]["c"] for row in answered.charts[1]["data"]["rows"]}
    assert len(answered.charts[1]["data"]["rows"]) == len(drawn)
    assert (drawn[48], drawn[50], drawn[54]) == (0, 0, 4)


def test_cap_marks_are_explained_in_the_legend() -> None:
    rows = [{"name": "Ads", "amount": 5, "cap": 10}]

    drawing = charts.draw({"kind": "allocation", "data": {"currency": "EUR", "rows": rows}})

    colours = [layer["encoding"]["color"]["datum"] for layer in drawing.spec["layer"]]
    assert colours == ["Spend", "Cap"]
