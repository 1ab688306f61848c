"""Allocations against every vertex in exact rationals; each refuse rule; prices at corners."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics.estimators.budget import BudgetSpec, Channel, Constraint, allocate_budget
from analytics.estimators.errors import (
    BadProblem,
    InfeasibleBudget,
    Refused,
    UnboundedBudget,
)
from tests.analytics.reference.lp_vertices import Row, list_rows, maximise

ADS = Channel("online ads", 10, 30)
SOCIAL = Channel("social media", 8, 20)
EVENTS = Channel("offline events", 5, 10)
EXAMPLE = BudgetSpec("per_unit", 60, (ADS, SOCIAL, EVENTS))


def brute_force(
    spec: BudgetSpec, extra: tuple[Row, ...] = (), **moved: object
) -> tuple[Fraction, list[list[Fraction]]] | None:
    """All vertices; `moved` gives another total, or another cap by place (cap0, cap1, ...)."""
    channels = [
        {"cap": moved.get(f"cap{i}", channel.cap), "floor": channel.floor}
        for i, channel in enumerate(spec.channels)
    ]
    rows = list_rows(moved.get("total", spec.total), channels, extra)
    return maximise([channel.effect for channel in spec.channels], rows)


@pytest.mark.parametrize("unit", ["per_unit", "at_cap"])
def test_worked_example_fills_all_three_channels(unit: str) -> None:
    result = allocate_budget(replace(EXAMPLE, unit=unit))

    assert result.allocation == {"online ads": 30, "social media": 20, "offline events": 10}
    assert result.objective == pytest.approx(510 if unit == "per_unit" else 23)
    assert result.binding == ("total", "online ads", "social media", "offline events")
    assert (result.status, result.alternatives) == ("ok", ())


def test_worked_example_is_not_the_common_wrong_answer() -> None:
    """6, 3, 1 keeps every limit and wins 89 customers where 510 can be won."""
    best, vertices = brute_force(EXAMPLE)

    result = allocate_budget(EXAMPLE)

    assert 6 * 10 + 3 * 8 + 1 * 5 == 89
    assert (best, vertices) == (510, [[30, 20, 10]])
    assert result.objective == 510


def test_shadow_prices_at_the_corner_differ_for_less_and_more() -> None:
    step = Fraction(1, 100)
    expected = {}
    for name, key, value in [
        ("total", "total", 60),
        ("online ads", "cap0", 30),
        ("social media", "cap1", 20),
        ("offline events", "cap2", 10),
    ]:
        low, high = (brute_force(EXAMPLE, **{key: value + way * step})[0] for way in (-1, 1))
        expected[name] = ((510 - low) / step, (high - 510) / step)

    prices = allocate_budget(EXAMPLE).shadow_prices

    assert {name: (price.less, price.more) for name, price in prices.items()} == expected
    assert expected["total"] == (5, 0)
    assert expected["online ads"] == (10, 5)


def test_ranges_of_prices_end_where_the_exact_value_bends() -> None:
    prices = allocate_budget(EXAMPLE).shadow_prices

    assert {name: price.range for name, price in prices.items()} == {
        "total": (50, None),
        "online ads": (0, 40),
        "social media": (0, 30),
        "offline events": (0, None),
    }
    for end, slopes in ((50, (8, 5)), (60, (5, 0))):
        low, middle, high = (brute_force(EXAMPLE, total=end + way)[0] for way in (-1, 0, 1))
        assert (middle - low, high - middle) == slopes


def test_ladder_cuts_the_weakest_channel_first() -> None:
    ladder = allocate_budget(EXAMPLE).ladder

    assert [rung.share for rung in ladder] == [step / 10 for step in range(13)]
    for rung in ladder:
        assert rung.objective == brute_force(EXAMPLE, total=Fraction(str(rung.total)))[0]
    assert [rung.cut for rung in ladder[8:11]] == [
        ("social media", "offline events"),
        ("offline events",),
        (),
    ]


def test_ladder_has_no_allocation_where_floors_cannot_be_paid() -> None:
    spec = replace(EXAMPLE, channels=(ADS, SOCIAL, replace(EVENTS, floor=10)))

    ladder = allocate_budget(spec).ladder

    assert [rung.allocation is None for rung in ladder] == [True] * 2 + [False] * 11
    assert (ladder[0].objective, ladder[2].allocation["offline events"]) == (None, 10)


def test_extra_constraints_hold_and_have_prices() -> None:
    ratio = Constraint({"offline events": 1, "online ads": -0.2}, min=0, name="fair share")
    spec = replace(EXAMPLE, total=45, constraints=(ratio,))
    row = ([Fraction(1, 5), Fraction(0), Fraction(-1)], Fraction(0))

    result = allocate_budget(spec)

    best, (vertex,) = brute_force(spec, (row,))
    assert list(result.allocation.values()) == vertex == [30, 9, 6]
    assert result.objective == best
    low, high = (brute_force(spec, ((row[0], -Fraction(way, 100)),))[0] for way in (-1, 1))
    price = result.shadow_prices["fair share:min"]
    assert (price.less, price.more) == ((best - low) * 100, (high - best) * 100) == (-3, -3)
    assert "fair share:min" in result.binding


def test_curve_is_filled_piece_by_piece() -> None:
    falling = Channel("a", curve=((10, 100), (20, 150), (40, 170)))
    spec = BudgetSpec("per_unit", 25, (falling, Channel("b", 3, 10)))

    result = allocate_budget(spec)

    assert result.allocation == {"a": 20, "b": 5}
    assert result.objective == 165
    assert result.shadow_prices["total"].less == 3
    assert result.shadow_prices["total"].range == (20, 30)


def test_money_that_wins_nobody_is_not_spent() -> None:
    spec = BudgetSpec("per_unit", 100, (Channel("a", curve=((10, 100),), cap=50), EVENTS))

    result = allocate_budget(spec)

    assert result.allocation == {"a": 10, "offline events": 10}
    assert [finding.code for finding in result.findings] == ["total_not_spent"]


def test_steps_give_the_best_whole_multiples_and_their_prices() -> None:
    spec = replace(EXAMPLE, total=50, step=7)
    choices = [
        (10 * a + 8 * b + 5 * c, [a, b, c])
        for a in range(0, 31, 7)
        for b in range(0, 21, 7)
        for c in range(0, 11, 7)
    ]

    def best_within(total: float) -> tuple[int, list[int]]:
        return max(choice for choice in choices if sum(choice[1]) <= total)

    result = allocate_budget(spec)

    assert (result.objective, list(result.allocation.values())) == best_within(50)
    price = result.shadow_prices["total"]
    assert price.less == best_within(50)[0] - best_within(43)[0]
    assert price.more == best_within(57)[0] - best_within(50)[0]
    assert price.range is None


def test_alternatives_are_listed_when_the_best_is_not_unique() -> None:
    spec = BudgetSpec("per_unit", 10, (Channel("a", 2, 10), Channel("b", 2, 10)))

    result = allocate_budget(spec)

    found = [tuple(one.values()) for one in (result.allocation, *result.alternatives)]
    assert sorted(found) == [(0, 10), (10, 0)]
    assert sorted(map(tuple, brute_force(spec)[1])) == [(0, 10), (10, 0)]
    assert "not_unique" in {finding.code for finding in result.findings}


def test_absent_cap_is_the_largest_spend_observed() -> None:
    spec = replace(EXAMPLE, channels=(Channel("a", 9, largest_observed=12), ADS))

    result = allocate_budget(spec)

    assert result.allocation["a"] == 12
    assert "cap_from_largest_spend" in {finding.code for finding in result.findings}


def test_todays_and_the_equal_split_are_compared() -> None:
    channels = (replace(ADS, today=20), replace(SOCIAL, today=20), replace(EVENTS, today=25))
    spec = replace(EXAMPLE, total=45, channels=channels)

    today, equal = allocate_budget(spec).comparisons

    assert (today.objective, today.keeps_limits) == (20 * 10 + 20 * 8 + 25 * 5, False)
    assert (list(equal.allocation.values()), equal.keeps_limits) == ([17.5, 17.5, 10], True)
    assert equal.objective == 365


def refuse(kind: type[Refused], spec: BudgetSpec) -> Refused:
    with pytest.raises(kind) as refusal:
        allocate_budget(spec)
    return refusal.value


def test_floors_above_the_total_name_the_one_limit_to_relax() -> None:
    channels = tuple(replace(channel, floor=channel.cap) for channel in EXAMPLE.channels)

    refusal = refuse(InfeasibleBudget, replace(EXAMPLE, total=50, channels=channels))

    (relaxed,) = refusal.to_dict()["relax"]
    assert relaxed == {"limit": "total", "kind": "total", "current": 50, "needed": 60, "by": 10}


def test_two_contradictions_name_two_limits_and_the_smaller_changes() -> None:
    constraints = (
        Constraint({"online ads": 1}, min=33, name="more ads"),
        Constraint({"social media": 1}, min=22, name="more social"),
    )
    spec = replace(EXAMPLE, total=100, constraints=constraints)
    assert brute_force(spec, (([Fraction(-1), Fraction(0), Fraction(0)], Fraction(-33)),)) is None

    refusal = refuse(InfeasibleBudget, spec)

    relaxed = {one["limit"]: one["by"] for one in refusal.to_dict()["relax"]}
    assert relaxed == {"more ads:min": -3, "more social:min": -2}


def test_relaxing_what_is_named_makes_the_problem_feasible() -> None:
    spec = replace(
        EXAMPLE, total=20, channels=(replace(ADS, floor=15), replace(SOCIAL, floor=12), EVENTS)
    )
    (relaxed,) = refuse(InfeasibleBudget, spec).to_dict()["relax"]
    assert relaxed["limit"] == "total"

    result = allocate_budget(replace(spec, total=relaxed["needed"]))

    assert result.allocation == {"online ads": 15, "social media": 12, "offline events": 0}
    refuse(InfeasibleBudget, replace(spec, total=relaxed["needed"] - 1e-6))


@pytest.mark.parametrize("step", [None, 1])
def test_spend_without_any_limit_is_refused(step: float | None) -> None:
    spec = BudgetSpec("per_unit", None, (ADS, Channel("b", 1)), step=step)

    assert [f.code for f in refuse(UnboundedBudget, spec).findings] == ["unbounded"]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (replace(EXAMPLE, channels=()), "no_channels"),
        (replace(EXAMPLE, unit=""), "unit_missing"),
        (replace(EXAMPLE, channels=(ADS, ADS)), "name_twice"),
        (replace(EXAMPLE, channels=(replace(ADS, name="total"),)), "name_reserved"),
        (replace(EXAMPLE, channels=(replace(ADS, effect=-1),)), "negative_effect"),
        (replace(EXAMPLE, channels=(replace(ADS, effect=None),)), "effect_missing"),
        (replace(EXAMPLE, channels=(replace(ADS, effect=NAN),)), "effect_missing"),
        (replace(EXAMPLE, channels=(replace(ADS, effect=INF),)), "figure_infinite"),
        (replace(EXAMPLE, channels=(replace(ADS, floor=31),)), "floor_above_cap"),
        (replace(EXAMPLE, channels=(replace(ADS, cap=-1),)), "negative_amount"),
        (replace(EXAMPLE, total=-1), "negative_amount"),
        (replace(EXAMPLE, total=1e30), "amount_too_large"),
        (replace(EXAMPLE, channels=(replace(ADS, cap=1e30),)), "amount_too_large"),
        (replace(EXAMPLE, total=INF), "figure_infinite"),
        (replace(EXAMPLE, step=0), "step_not_positive"),
        (
            replace(EXAMPLE, currency="EUR", channels=(replace(ADS, currency="CNY"),)),
            "mixed_currencies",
        ),
        (BudgetSpec("at_cap", 60, (Channel("a", 3),)), "cap_missing"),
        (BudgetSpec("per_unit", 9, (Channel("a", curve=((5, 1), (5, 2))),)), "curve_not_rising"),
        (BudgetSpec("per_unit", 9, (Channel("a", curve=((5, 1), (9, 9))),)), "curve_not_concave"),
        (replace(EXAMPLE, constraints=(Constraint({"radio": 1}, max=3),)), "unknown_channel"),
        (
            replace(EXAMPLE, constraints=(Constraint({"online ads": 1}),)),
            "constraint_without_bound",
        ),
        (
            replace(EXAMPLE, constraints=(Constraint({"online ads": 0}, max=1),)),
            "constraint_without_channel",
        ),
        (
            replace(EXAMPLE, constraints=(Constraint({"online ads": 1}, max=1, min=2),)),
            "min_above_max",
        ),
    ],
)
def test_problem_that_does_not_hold_together_is_refused(spec: BudgetSpec, code: str) -> None:
    assert code in [finding.code for finding in refuse(BadProblem, spec).findings]


CHANNELS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(0, 4)), min_size=1, max_size=4
).map(
    lambda rows: tuple(
        Channel(f"c{i}", effect, cap + floor, floor) for i, (effect, cap, floor) in enumerate(rows)
    )
)


@settings(max_examples=40)
@given(CHANNELS, st.integers(0, 30))
def test_any_small_problem_agrees_with_all_vertices(
    channels: tuple[Channel, ...], total: int
) -> None:
    spec = BudgetSpec("per_unit", total, channels)
    expected = brute_force(spec)

    if expected is None:
        needed = sum(channel.floor for channel in channels)
        (relaxed,) = refuse(InfeasibleBudget, spec).to_dict()["relax"]
        assert abs(relaxed["by"]) == pytest.approx(needed - total)
        return
    result = allocate_budget(spec)

    best, _ = expected
    assert result.objective == pytest.approx(float(best), abs=1e-9)
    price = result.shadow_prices["total"]
    for way, found in ((-1, price.less), (1, price.more)):
        moved = brute_force(spec, total=total + Fraction(way, 1000))
        slope = None if moved is None else float((moved[0] - best) * way * 1000)
        assert found == (None if slope is None else pytest.approx(slope, abs=1e-6))


@settings(max_examples=15)
@given(CHANNELS, st.integers(8, 30), st.sampled_from([1e-4, 3.0, 1e6]))
def test_changing_the_currency_unit_scales_the_allocation(
    channels: tuple[Channel, ...], total: int, unit: float
) -> None:
    assume(sum(channel.floor for channel in channels) <= total)
    scaled = tuple(
        replace(one, effect=one.effect / unit, cap=one.cap * unit, floor=one.floor * unit)
        for one in channels
    )

    plain = allocate_budget(BudgetSpec("per_unit", total, channels))
    other = allocate_budget(BudgetSpec("per_unit", total * unit, scaled))

    assert other.objective == pytest.approx(plain.objective, rel=1e-9, abs=1e-9)
    if not plain.alternatives:
        expected = {name: amount * unit for name, amount in plain.allocation.items()}
        assert dict(other.allocation) == pytest.approx(expected, rel=1e-9)


def test_equal_inputs_give_equal_bits() -> None:
    spec = replace(EXAMPLE, total=47.3, channels=(replace(ADS, effect=1 / 3), SOCIAL, EVENTS))

    assert allocate_budget(spec) == allocate_budget(spec)
