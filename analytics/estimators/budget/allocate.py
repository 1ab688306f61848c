"""The allocation from question to answer."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, NoReturn

import numpy as np

from analytics.estimators.budget.checks import TOTAL, check_budget, find_cap
from analytics.estimators.budget.duals import find_duals
from analytics.estimators.budget.ladder import climb, find_turns
from analytics.estimators.budget.prices import price_limits
from analytics.estimators.budget.program import (
    NOTHING,
    Program,
    Solution,
    build_program,
    optimise,
    solve,
    tidy,
    to_amounts,
    weigh_spend,
)
from analytics.estimators.budget.relaxing import find_relaxations
from analytics.estimators.budget.spec import (
    BudgetResult,
    BudgetSpec,
    Comparison,
    Relaxation,
    ShadowPrice,
)
from analytics.estimators.cells import Floats
from analytics.estimators.errors import Finding, InfeasibleBudget, inform, judge, refuse, warn
from analytics.estimators.threads import on_one_thread

DIFFERENT = 1e-4  # of a channel's size: allocations nearer than this are the same
MOST_ALTERNATIVES = 10
AS_GOOD = 1 - 1e-9


@on_one_thread
def allocate_budget(spec: BudgetSpec) -> BudgetResult:
    """Split a total over channels so that expected new customers are as many as possible.

    maximise sum of f_c(x_c) subject to sum of x_c <= total, floor_c <= x_c <= cap_c and the extra
    constraints, where f_c is a straight line through zero, or a concave curve given by points.
    Amounts share one currency; effects are new customers per unit of it, or at full cap. An absent
    cap is the largest spend ever observed, then the end of the curve, then none. Missing effects
    are refused, never taken as zero.

    Assumes that channels do not help or hinder each other and that effects hold over the whole
    range. Solved by HiGHS (simplex; branch and bound with steps): Huangfu and Hall, Parallelizing
    the dual revised simplex method (2018).

    Raises `BadProblem`, `UnboundedBudget`, and `InfeasibleBudget` with the smallest set of limits
    to relax in `details["relax"]`.
    """
    check_budget(spec)
    program = build_program(spec)
    best = solve(replace(program, step=None))  # also tells an unbounded problem
    if best is not None and program.step:
        best = solve(program)
    if best is None:
        _raise_infeasible(program)
    duals = None if program.step else find_duals(program, best)
    is_unique = duals is not None and duals.is_unique
    alternatives = [] if is_unique else _find_alternatives(program, best)
    prices = price_limits(program, best, duals)
    findings = tuple(_remark(spec, program, best, alternatives, prices))
    return BudgetResult(
        findings=findings,
        status=judge(findings),
        unit=spec.unit,
        allocation=program.name_amounts(best.amounts),
        objective=_round(best.objective),
        binding=tuple(_list_binding(program, best)),
        shadow_prices=prices,
        ladder=tuple(climb(program, best)),
        turns=tuple(find_turns(program, best)),
        alternatives=tuple(alternatives),
        comparisons=tuple(_compare(spec, program)),
    )


def _raise_infeasible(program: Program) -> NoReturn:
    relax = find_relaxations(program)
    raise InfeasibleBudget(
        [
            refuse("infeasible", limits=[one.limit for one in relax], relax=_spell(relax)),
        ],
        relax=_spell(relax),
    )


def _spell(relax: tuple[Relaxation, ...]) -> list[dict[str, Any]]:
    return [one.to_dict() for one in relax]


def _remark(
    spec: BudgetSpec,
    program: Program,
    best: Solution,
    alternatives: list[Mapping[str, float]],
    prices: Mapping[str, ShadowPrice],
) -> Iterator[Finding]:
    if alternatives:
        yield inform("not_unique", count=len(alternatives))
    yield from _remark_on_rest(spec, best, prices)
    for channel, amount in zip(spec.channels, best.amounts, strict=True):
        observed = channel.largest_observed
        if channel.cap is None and observed is not None:
            yield inform("cap_from_largest_spend", channel=channel.name, cap=observed)
        elif observed is not None and amount > observed * (1 + NOTHING):
            yield warn(
                "beyond_observed",
                channel=channel.name,
                amount=tidy(float(amount), observed),
                observed=observed,
            )
        if find_cap(channel) is None:
            yield inform("no_cap", channel=channel.name)


def _remark_on_rest(
    spec: BudgetSpec, best: Solution, prices: Mapping[str, ShadowPrice]
) -> Iterator[Finding]:
    """Money that is left over, in accord with the price of one step more."""
    spent = float(best.amounts.sum())
    if spec.total is None or spec.total - spent <= NOTHING * spec.total:
        return
    figures = {"spent": tidy(spent, spec.total), "total": spec.total}
    if not spec.step:
        yield warn("total_not_spent", **figures)
    elif more := prices[TOTAL].more:
        yield inform("rest_below_a_step", **figures, step=spec.step, more=more)
    else:
        yield warn("step_wins_nobody", **figures, step=spec.step)


def _list_binding(program: Program, best: Solution) -> Iterator[str]:
    """The limits that are used up to the last unit."""
    for limit, slack in zip(program.limits, program.measure_slack(best.amounts), strict=True):
        if slack <= NOTHING:
            yield limit.name


def _find_alternatives(program: Program, best: Solution) -> list[Mapping[str, float]]:
    """Other allocations as good as the best that spend no more, ten at most.

    The least and the most each channel can get without losing a customer; if none differs from
    the best allocation, that is the only one.
    """
    scaled, spend = program.scaled, weigh_spend(program)
    as_good = (-scaled.gains, -best.objective / scaled.gain_size)
    no_dearer = (spend, float(best.amounts.sum()) / float(program.amount_sizes.max()))
    found: list[Floats] = []
    for aim in chain.from_iterable((row, -row) for row in program.spread):
        filled = optimise(program, aim, [as_good, no_dearer])
        if filled is None:
            continue
        amounts = to_amounts(program, filled)
        is_as_good = program.count_customers(amounts) >= AS_GOOD * best.objective
        if is_as_good and all(_differ(program, amounts, one) for one in [best.amounts, *found]):
            found.append(amounts)
        if len(found) == MOST_ALTERNATIVES:
            break
    return [program.name_amounts(amounts) for amounts in found]


def _differ(program: Program, one: Floats, other: Floats) -> bool:
    return bool((np.abs(one - other) > DIFFERENT * program.amount_sizes).any())


def _compare(spec: BudgetSpec, program: Program) -> Iterator[Comparison]:
    """Today's split, where it is known, and the equal split."""
    today = [channel.today for channel in spec.channels]
    if all(amount is not None for amount in today):
        amounts = np.array([float(amount or 0.0) for amount in today])
        yield Comparison(
            "today",
            program.name_amounts(amounts),
            _round(program.count_customers(amounts)),
            program.keeps_limits(amounts),
        )
    if spec.total is not None:
        amounts = _split_equally(spec, spec.total)
        yield Comparison(
            "equal",
            program.name_amounts(amounts),
            _round(program.count_customers(amounts)),
            program.keeps_limits(amounts),
        )


def _split_equally(spec: BudgetSpec, total: float) -> Floats:
    """The same for everyone; what a full channel cannot take goes to the others alike."""
    caps = np.array([np.inf if (cap := find_cap(c)) is None else cap for c in spec.channels])
    amounts = np.zeros(len(caps))
    left = total
    for place, index in enumerate(np.argsort(caps, kind="stable")):
        amounts[index] = min(caps[index], left / (len(caps) - place))
        left -= amounts[index]
    return amounts


def _round(customers: float) -> float:
    """Without the solver's dust."""
    return float(f"{customers:.14g}")
