"""Budgets at the edges: extreme scales, whole steps, contradictions, size, turns of the money."""

import random
from fractions import Fraction

import pytest

from analytics.estimators.budget import BudgetSpec, Channel, Constraint, allocate_budget
from analytics.estimators.errors import BadProblem, InfeasibleBudget
from analytics.sentences import remedy, sentence
from tests.analytics.reference.lp_vertices import list_rows, maximise


@pytest.mark.parametrize(
    ("small", "large", "total"),
    [
        (Channel("small", 1e6, 1e-3), Channel("large", 1, 1e6), 2e6),
        (Channel("small", 1000, 1), Channel("large", 1e-3, 1e9), 1e10),
        (Channel("small", 1e6, 1e-3), Channel("large", 1e-6, 1e12), 2e12),
    ],
)
def test_small_channel_beside_a_huge_one_gets_its_exact_share(
    small: Channel, large: Channel, total: float
) -> None:
    """A thousand customers of a million and a thousand: the small channel is not dust."""
    caps = [{"cap": Fraction(channel.cap)} for channel in (small, large)]
    best, (vertex,) = maximise([small.effect, large.effect], list_rows(total, caps))

    result = allocate_budget(BudgetSpec("per_unit", total, (small, large)))

    assert float(best) == pytest.approx(1_001_000)
    assert result.objective == pytest.approx(float(best), rel=1e-14)
    assert list(result.allocation.values()) == pytest.approx([float(x) for x in vertex])
    assert result.shadow_prices["small"].less == pytest.approx(small.effect)


def test_rest_below_a_step_agrees_with_the_price_of_one_step_more() -> None:
    spec = BudgetSpec("per_unit", 45, (Channel("ads", 5, 100),), step=7)

    result = allocate_budget(spec)

    (finding,) = result.findings
    assert (finding.code, finding.parameters["more"]) == ("rest_below_a_step", 35)
    assert result.shadow_prices["total"].more == 35
    assert "nobody" not in sentence(finding) + remedy(finding)
    assert "35" in remedy(finding)


def test_step_that_wins_nobody_is_said_to_win_nobody() -> None:
    spec = BudgetSpec("per_unit", 45, (Channel("ads", 5, 20),), step=7)

    result = allocate_budget(spec)

    assert (result.findings[0].code, result.findings[0].severity) == ("step_wins_nobody", "warn")
    assert result.shadow_prices["total"].more == 0


def test_steps_too_many_to_be_told_apart_are_refused() -> None:
    """A hundred million steps once led to half of the best result, without a word."""
    channels = (Channel("ads", 2, 1e6), Channel("fair", 1, 1e6))

    with pytest.raises(BadProblem) as refusal:
        allocate_budget(BudgetSpec("per_unit", 1e6, channels, step=0.01))
    finest = allocate_budget(BudgetSpec("per_unit", 1e6, channels, step=1))

    (finding,) = refusal.value.findings
    assert (finding.code, finding.parameters["least"]) == ("step_too_small", 1)
    assert finest.objective == pytest.approx(2e6, rel=1e-12)


def test_floors_that_no_whole_steps_can_keep_end_at_once() -> None:
    """At a small share of the total the floors want whole steps that are not there."""
    channels = (
        Channel("a", 2, 5, 1),
        Channel("b", curve=((2, 14),), cap=10),
        Channel("c", 8, None, 1),
        Channel("d", curve=((3, 24),)),
    )

    ladder = allocate_budget(BudgetSpec("per_unit", 15, channels, step=3)).ladder

    assert [rung.allocation is None for rung in ladder] == [True] * 4 + [False] * 9


def contradict(seed: int) -> BudgetSpec:
    """Twelve channels under twenty limits of very different size, ten of them exact."""
    draw = random.Random(seed)
    channels = tuple(Channel(f"c{k}", draw.choice([1, 0, 3])) for k in range(12))
    constraints = []
    for index in range(20):
        names = draw.sample(range(12), draw.randint(2, 5))
        row = {f"c{k}": draw.choice([1, 1, -1, -1, 0.5, 100, -0.01]) for k in names}
        bound = draw.choice([0, 0, 0, 10, -10, 1000, 1e5])
        constraints.append(Constraint(row, max=bound, min=bound if index % 2 else None))
    return BudgetSpec("per_unit", 1e4, channels, tuple(constraints))


@pytest.mark.parametrize("seed", [0, 1, 2, 6])
def test_contradictory_limits_are_found_and_named(seed: int) -> None:
    spec = contradict(seed)

    with pytest.raises(InfeasibleBudget) as refusal:
        allocate_budget(spec)

    relax = {one["limit"]: one["needed"] for one in refusal.value.to_dict()["relax"]}
    wide = [
        Constraint(
            one.coefficients,
            max=_widen(relax, f"constraint {place}:max", one.max, 1),
            min=_widen(relax, f"constraint {place}:min", one.min, -1),
        )
        for place, one in enumerate(spec.constraints, 1)
    ]
    total = _widen(relax, "total", spec.total, 1)
    assert allocate_budget(BudgetSpec("per_unit", total, spec.channels, tuple(wide))).objective >= 0


def _widen(relax: dict[str, float], name: str, value: float | None, way: int) -> float | None:
    """What the refusal asks for, and a millionth more: figures are rounded."""
    if value is None or name not in relax:
        return value
    return relax[name] + way * 1e-6 * max(1.0, abs(relax[name]))


def test_turns_are_the_totals_at_which_money_goes_elsewhere() -> None:
    channels = (Channel("ads", 10, 30), Channel("social", 8, 20), Channel("events", 5, 10))

    turns = allocate_budget(BudgetSpec("per_unit", 60, channels)).turns

    assert [(turn.total, turn.allocation["events"]) for turn in turns] == [
        (30, 0),
        (50, 0),
        (60, 10),
    ]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (
            BudgetSpec("per_unit", 9, tuple(Channel(f"c{k}", 1, 1) for k in range(501))),
            "too_many_channels",
        ),
        (
            BudgetSpec("per_unit", 9, tuple(Channel(f"c{k}", 1, 1) for k in range(101)), step=1),
            "too_many_channels",
        ),
        (
            BudgetSpec("per_unit", 9, (Channel("a", 1),), (Constraint({"a": 1}, max=1),) * 501),
            "too_many_constraints",
        ),
    ],
)
def test_problem_beyond_the_bounds_is_refused_by_name(spec: BudgetSpec, code: str) -> None:
    with pytest.raises(BadProblem) as refusal:
        allocate_budget(spec)

    assert [finding.code for finding in refusal.value.findings] == [code]


def test_two_hundred_channels_have_the_prices_of_sorting_by_effect() -> None:
    """Without further limits the best split is by hand: the best channels first until full."""
    draw = random.Random(1)
    channels = [Channel(f"c{k}", draw.uniform(1, 10), draw.uniform(1, 50)) for k in range(200)]
    left, partly = 2000.0, 0.0
    for channel in sorted(channels, key=lambda one: -one.effect):
        if left <= channel.cap:
            partly = channel.effect
            break
        left -= channel.cap

    result = allocate_budget(BudgetSpec("per_unit", 2000, tuple(channels)))

    assert result.shadow_prices["total"].more == pytest.approx(partly)
    for channel in channels:
        price = max(0.0, channel.effect - partly)
        assert result.shadow_prices[channel.name].less == pytest.approx(price, abs=1e-9)
