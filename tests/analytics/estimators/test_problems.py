"""Problem documents are read strictly and exactly."""

from decimal import Decimal
from typing import Any

import pytest

from analytics.estimators.budget import BudgetSpec, Channel, Constraint
from analytics.estimators.problems import (
    UnreadableProblem,
    read_budget_problem,
    read_score_problem,
)
from analytics.estimators.score import Indicator, ScoreSpec


def test_budget_problem_is_read_whole() -> None:
    document = {
        "unit": "at_cap",
        "total": Decimal("60.5"),
        "channels": [
            {"name": "a", "effect": "10", "cap": 30, "floor": 5, "today": 7, "currency": "CNY"},
            {"name": "b", "curve": [[0, 0], [10, 50]], "largest_observed": 12},
        ],
        "constraints": [{"coefficients": {"a": 1, "b": -0.5}, "max": 3, "name": "ratio"}],
        "step": 5,
        "currency": "CNY",
    }

    assert read_budget_problem(document) == BudgetSpec(
        unit="at_cap",
        total=60.5,
        channels=(
            Channel("a", 10.0, 30.0, 5.0, today=7.0, currency="CNY"),
            Channel("b", curve=((0.0, 0.0), (10.0, 50.0)), largest_observed=12.0),
        ),
        constraints=(Constraint({"a": 1.0, "b": -0.5}, max=3.0, name="ratio"),),
        step=5.0,
        currency="CNY",
    )


def test_score_problem_is_read_without_losing_a_digit() -> None:
    document = {
        "indicators": [
            {"name": "a", "weight": "0.1000000000000000000000000000001", "value": "", "n": 3},
            {"name": "b", "weight": 1, "value": 2, "scale": ["1", 5], "direction": "down"},
        ],
        "weights_version": "2026-1",
    }

    assert read_score_problem(document) == ScoreSpec(
        (
            Indicator("a", Decimal("0.1000000000000000000000000000001"), None, n=3),
            Indicator("b", Decimal(1), Decimal(2), (Decimal(1), Decimal(5)), "down"),
        ),
        "2026-1",
    )


def budget(**changed: Any) -> dict[str, Any]:
    return {"unit": "per_unit", "channels": [{"name": "a", "effect": 1, **changed}]}


def score(**changed: Any) -> dict[str, Any]:
    return {"indicators": [{"name": "a", "weight": 1, "value": 2, **changed}]}


@pytest.mark.parametrize(
    ("read", "document", "code"),
    [
        (read_budget_problem, [], "value_not_an_object"),
        (read_budget_problem, {"budget": 60}, "key_unknown"),
        (read_budget_problem, budget(ceiling=3), "key_unknown"),
        (read_budget_problem, budget(cap="much"), "value_not_a_number"),
        (read_budget_problem, budget(cap=True), "value_not_a_number"),
        (read_budget_problem, budget(cap="sNaN"), "value_not_a_number"),
        (read_budget_problem, budget(name=None), "key_missing"),
        (read_budget_problem, budget(name=7), "value_not_text"),
        (read_budget_problem, budget(curve=[[1, 2, 3]]), "value_not_a_pair"),
        (read_budget_problem, {"channels": {}}, "value_not_a_list"),
        (read_budget_problem, {"constraints": [{"coefficients": [1]}]}, "value_not_an_object"),
        (read_budget_problem, {"constraints": [{"coefficients": {"a": ""}}]}, "key_missing"),
        (read_score_problem, score(weight=None), "key_missing"),
        (read_score_problem, score(direction="left"), "direction_unknown"),
        (read_score_problem, score(scale=[0]), "value_not_a_pair"),
        (read_score_problem, score(n=2.5), "value_not_a_number"),
    ],
)
def test_document_of_another_shape_is_refused(read: Any, document: Any, code: str) -> None:
    with pytest.raises(UnreadableProblem) as refusal:
        read(document)

    assert [finding.code for finding in refusal.value.findings] == [code]


@pytest.mark.parametrize("figure", ["1e100000000", "1e-100000000", "9" * 101])
def test_number_too_long_to_write_out_is_refused_by_its_place(figure: str) -> None:
    score = {"indicators": [{"name": "a", "weight": 1, "value": 1, "scale": [0, figure]}]}
    budget = {"unit": "per_unit", "total": figure, "channels": []}

    found = []
    for read, document in ((read_score_problem, score), (read_budget_problem, budget)):
        with pytest.raises(UnreadableProblem) as refusal:
            read(document)
        found += [(one.code, one.parameters["key"]) for one in refusal.value.findings]

    assert found == [("value_too_long", "high"), ("value_too_long", "total")]
