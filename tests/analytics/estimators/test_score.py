"""Meeting scores in exact decimals; each refuse rule; ranks when weights move."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.estimators.errors import BadProblem
from analytics.estimators.score import Indicator, ScoreSpec, rank_meetings, score_meeting

WEIGHTS = {"attendance": "0.4", "interaction": "0.3", "satisfaction": "0.3"}


def make_spec(*values: object, version: str = "1", **weights: str) -> ScoreSpec:
    pairs = zip((weights or WEIGHTS).items(), values, strict=True)
    return ScoreSpec(
        tuple(
            Indicator(name, Decimal(weight), Decimal(str(value))) for (name, weight), value in pairs
        ),
        version,
    )


def test_worked_example_is_exactly_seven_point_one() -> None:
    result = score_meeting(make_spec(8, 7, 6))

    assert result.score == Decimal("7.1")
    assert result.to_dict()["score"] == "7.1"
    assert result.to_dict()["contributions"] == {
        "attendance": "3.2",
        "interaction": "2.1",
        "satisfaction": "1.8",
    }
    assert result.score_range == (Decimal("7"), Decimal("7.2"))
    assert result.status == "ok"


def test_scales_and_directions_are_mapped_to_ten() -> None:
    indicators = (
        Indicator("rating", Decimal("0.5"), Decimal(4), (Decimal(1), Decimal(5))),
        Indicator("wait", Decimal("0.5"), Decimal(3), (Decimal(0), Decimal(12)), "down"),
    )

    result = score_meeting(ScoreSpec(indicators))

    assert [part.mapped for part in result.indicators.values()] == [Decimal("7.5")] * 2
    assert result.score == Decimal("7.5")


def test_score_without_a_finite_decimal_is_rounded_once_at_the_end() -> None:
    third = Indicator("a", Decimal(1), Decimal(1), (Decimal(0), Decimal(3)))

    assert score_meeting(ScoreSpec((third,))).score == Decimal("3.333333333333")


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 1000)), min_size=1, max_size=6),
)
def test_score_is_the_exact_weighted_mean(rows: list[tuple[int, int]]) -> None:
    *others, (_, last) = rows
    weights = [Fraction(weight, 400) for weight, _ in others]
    weights.append(1 - sum(weights))
    values = [Fraction(value, 100) for _, value in others] + [Fraction(last, 100)]
    spec = ScoreSpec(
        tuple(
            Indicator(
                f"i{place}",
                Decimal(weight.numerator) / weight.denominator,
                Decimal(value.numerator) / value.denominator,
            )
            for place, (weight, value) in enumerate(zip(weights, values, strict=True))
        )
    )

    result = score_meeting(spec)

    exact = sum(weight * value for weight, value in zip(weights, values, strict=True))
    assert Fraction(result.score) == exact
    parts = result.indicators.values()
    assert sum(Fraction(part.contribution) for part in parts) == exact


def make_open(**values: str | None) -> ScoreSpec:
    """Indicators with the usual weights, of which some may have no value."""
    return ScoreSpec(
        tuple(
            Indicator(name, Decimal(WEIGHTS[name]), None if value is None else Decimal(value))
            for name, value in values.items()
        ),
        may_leave_out=True,
    )


def test_indicator_without_a_value_is_left_out_and_the_others_share_its_weight() -> None:
    result = score_meeting(make_open(attendance="8", interaction="7", satisfaction=None))

    exact = (Fraction(4, 10) * 8 + Fraction(3, 10) * 7) / Fraction(7, 10)
    assert result.score == Decimal(round(exact * 10**12)).scaleb(-12)
    assert result.left_out == ("satisfaction",)
    [finding] = result.findings
    assert (finding.code, finding.severity) == ("left_out", "warn")
    assert finding.parameters["weights"] == {"attendance": 4 / 7, "interaction": 3 / 7}


def test_indicator_without_weight_is_not_named_among_those_that_weigh_more() -> None:
    spec = ScoreSpec(
        (
            Indicator("attendance", Decimal("0.5"), Decimal(5)),
            Indicator("satisfaction", Decimal("0.5"), None),
            Indicator("participation", Decimal(0), Decimal(3)),
        ),
        may_leave_out=True,
    )

    (finding,) = score_meeting(spec).findings

    assert finding.parameters["weights"] == {"attendance": 1.0}


def test_score_with_every_value_is_the_same_whether_some_might_be_missing() -> None:
    values = {"attendance": "8", "interaction": "7", "satisfaction": "6"}

    assert score_meeting(make_open(**values)).to_dict() == score_meeting(
        make_spec(8, 7, 6)
    ).to_dict() | {"weights_version": ""}


def test_nothing_to_score_is_refused_by_name() -> None:
    with pytest.raises(BadProblem) as refused:
        score_meeting(make_open(attendance=None, interaction=None, satisfaction=None))

    assert [finding.code for finding in refused.value.findings] == ["nothing_to_score"]


def test_meetings_with_and_without_an_indicator_are_not_ranked_together() -> None:
    whole = make_open(attendance="8", interaction="7", satisfaction="6")
    partial = make_open(attendance="8", interaction="7", satisfaction=None)

    with pytest.raises(BadProblem) as refused:
        rank_meetings({"whole": whole, "partial": partial})

    assert [finding.code for finding in refused.value.findings] == ["weights_differ"]


def test_few_people_behind_a_figure_are_warned_about() -> None:
    indicator = Indicator("rating", Decimal(1), Decimal(9), n=3)

    result = score_meeting(ScoreSpec((indicator,)))

    assert result.status == "ok_with_warnings"
    assert dict(result.findings[0].parameters) == {"indicator": "rating", "n": 3, "least": 10}


def one(**changed: object) -> ScoreSpec:
    figures = {"name": "a", "weight": Decimal(1), "value": Decimal(5), **changed}
    return ScoreSpec((Indicator(**figures),))


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (ScoreSpec(()), "no_indicators"),
        (make_spec(8, 7, 6, a="0.4", b="0.3", c="0.2999999999999999"), "weights_do_not_sum_to_one"),
        (make_spec(8, 7, a="0.6", b="0.6"), "weights_do_not_sum_to_one"),
        (make_spec(8, 7, a="1.2", b="-0.2"), "negative_weight"),
        (ScoreSpec((*one().indicators, *one().indicators)), "name_twice"),
        (one(value=None), "value_missing"),
        (one(value=Decimal("NaN")), "figure_not_finite"),
        (one(weight=Decimal("Infinity")), "figure_not_finite"),
        (one(value=Decimal("10.01")), "value_off_scale"),
        (one(value=Decimal("-0.01")), "value_off_scale"),
        (one(scale=(Decimal(5), Decimal(5))), "empty_scale"),
    ],
)
def test_score_that_does_not_hold_together_is_refused(spec: ScoreSpec, code: str) -> None:
    with pytest.raises(BadProblem) as refusal:
        score_meeting(spec)

    assert [finding.code for finding in refusal.value.findings] == [code]


def test_ranks_have_the_range_that_moving_weight_gives() -> None:
    """By hand: 0.05 from attendance to satisfaction brings 7.1 to 7.0 and leaves 7.05 as it is."""
    specs = {"launch": make_spec(8, 7, 6), "training": make_spec("7.05", "7.05", "7.05")}

    launch, training = rank_meetings(specs)

    assert (launch.key, launch.rank, launch.best_rank, launch.worst_rank) == ("launch", 1, 1, 2)
    assert (training.key, training.rank, training.best_rank) == ("training", 2, 1)


def test_equal_scores_share_a_rank() -> None:
    ranked = rank_meetings({key: make_spec(5, 5, 5) for key in "ab"} | {"c": make_spec(1, 1, 1)})

    assert [(meeting.key, meeting.rank) for meeting in ranked] == [("a", 1), ("b", 1), ("c", 3)]


def test_ranks_across_versions_of_the_weights_are_refused() -> None:
    specs = {"old": make_spec(8, 7, 6), "new": make_spec(8, 7, 6, version="2")}

    with pytest.raises(BadProblem) as refusal:
        rank_meetings(specs)

    assert [finding.code for finding in refusal.value.findings] == ["weights_differ"]


@pytest.mark.parametrize("figure", ["1e100000000", "1e-100000000", "0e100000000"])
def test_figure_of_a_hundred_million_digits_is_refused_at_once(figure: str) -> None:
    wild = Indicator("a", Decimal(1), Decimal(1), (Decimal(0), Decimal(figure)))

    with pytest.raises(BadProblem) as refusal:
        score_meeting(ScoreSpec((wild,)))

    assert [one.code for one in refusal.value.findings] == ["figure_not_finite"]
