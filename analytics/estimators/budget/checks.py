"""When a budget problem is refused before anything is solved."""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from analytics.estimators.budget.spec import BudgetSpec, Channel, Constraint
from analytics.estimators.errors import BadProblem, Finding, refuse

UNITS = ("per_unit", "at_cap")
TOTAL = "total"
MOST_CHANNELS, MOST_CHANNELS_IN_STEPS = 500, 100  # answered within seconds
MOST_CONSTRAINTS = 500
MOST_POINTS = 2_000  # of all curves together
MOST_STEPS = 1e6  # of a channel: the solver takes a share near 1e-8 for nothing, and goes wrong
LARGEST_AMOUNT = 1e15  # beyond it a float no longer tells cents apart, and solvers see infinity


def check_budget(spec: BudgetSpec) -> None:
    """Raise `BadProblem` with everything that does not hold together."""
    if too_large := list(_check_size(spec)):
        raise BadProblem(too_large)
    findings = [
        *_check_whole(spec),
        *(finding for channel in spec.channels for finding in _check_channel(spec, channel)),
        *(
            finding
            for index, constraint in enumerate(spec.constraints)
            for finding in _check_constraint(spec, constraint, label(constraint, index))
        ),
    ]
    if findings:
        raise BadProblem(findings)


def _check_size(spec: BudgetSpec) -> Iterator[Finding]:
    channels, most = len(spec.channels), MOST_CHANNELS_IN_STEPS if spec.step else MOST_CHANNELS
    if channels > most:
        yield refuse("too_many_channels", count=channels, most=most)
    if len(spec.constraints) > MOST_CONSTRAINTS:
        yield refuse("too_many_constraints", count=len(spec.constraints), most=MOST_CONSTRAINTS)
    points = sum(len(channel.curve) for channel in spec.channels)
    if points > MOST_POINTS:
        yield refuse("too_many_curve_points", count=points, most=MOST_POINTS)


def label(constraint: Constraint, index: int) -> str:
    """The constraint's own name, or its number in the list."""
    return constraint.name or f"constraint {index + 1}"


def find_cap(channel: Channel) -> float | None:
    """The cap as given, else the largest spend ever observed, else the end of the curve."""
    if channel.cap is not None:
        return channel.cap
    if channel.largest_observed is not None:
        return channel.largest_observed
    return channel.curve[-1][0] if channel.curve else None


def _check_whole(spec: BudgetSpec) -> Iterator[Finding]:
    if not spec.channels:
        yield refuse("no_channels")
    if spec.unit not in UNITS:
        yield refuse("unit_missing", choices=list(UNITS))
    labels = [label(constraint, index) for index, constraint in enumerate(spec.constraints)]
    names = Counter([channel.name for channel in spec.channels] + labels)
    for name, times in names.items():
        if times > 1:
            yield refuse("name_twice", name=name)
    if TOTAL in names:
        yield refuse("name_reserved", name=TOTAL)
    yield from _check_amount(spec.total, TOTAL)
    if spec.step is not None and not (math.isfinite(spec.step) and spec.step > 0):
        yield refuse("step_not_positive", step=_spell(spec.step))
    elif spec.step is not None and (amount := _find_reach(spec)) > MOST_STEPS * spec.step:
        yield refuse("step_too_small", step=spec.step, amount=amount, least=amount / MOST_STEPS)
    currencies = {channel.currency for channel in spec.channels} | {spec.currency}
    currencies.discard(None)
    if len(currencies) > 1:
        yield refuse("mixed_currencies", currencies=sorted(str(one) for one in currencies))


def _find_reach(spec: BudgetSpec) -> float:
    """The most that any channel could get, as far as its cap and the total tell."""
    ends = [[one for one in (find_cap(c), spec.total) if one is not None] for c in spec.channels]
    reaches = [min(bounds) for bounds in ends if bounds]
    return max(filter(math.isfinite, reaches), default=0.0)


def _check_channel(spec: BudgetSpec, channel: Channel) -> Iterator[Finding]:
    amounts = (channel.cap, channel.floor, channel.largest_observed, channel.today)
    for amount in amounts:
        yield from _check_amount(amount, channel.name)
    if channel.curve:
        yield from _check_curve(channel)
    elif channel.effect is None or math.isnan(channel.effect):
        yield refuse("effect_missing", channel=channel.name)
    elif not math.isfinite(channel.effect):
        yield refuse("figure_infinite", name=channel.name)
    elif channel.effect < 0:
        yield refuse("negative_effect", channel=channel.name, effect=channel.effect)
    cap = find_cap(channel)
    if cap is not None and channel.floor > cap:
        yield refuse("floor_above_cap", channel=channel.name, floor=channel.floor, cap=cap)
    if spec.unit == "at_cap" and cap is None:
        yield refuse("cap_missing", channel=channel.name)


def _check_amount(amount: float | None, name: str) -> Iterator[Finding]:
    if amount is None:
        return
    if not math.isfinite(amount):
        yield refuse("figure_infinite", name=name)
    elif amount < 0:
        yield refuse("negative_amount", name=name, amount=amount)
    elif amount > LARGEST_AMOUNT:
        yield refuse("amount_too_large", name=name, amount=amount, most=LARGEST_AMOUNT)


def _check_curve(channel: Channel) -> Iterator[Finding]:
    """Amounts must rise, customers must not fall, and each stretch must be flatter."""
    points = start_at_zero(channel.curve)
    if not all(math.isfinite(figure) for point in points for figure in point):
        yield refuse("figure_infinite", name=channel.name)
        return
    if any(high[0] <= low[0] for low, high in pairwise(points)):
        yield refuse("curve_not_rising", channel=channel.name)
        return
    if any(high[1] < low[1] for low, high in pairwise(points)):
        yield refuse("negative_effect", channel=channel.name, effect=None)
    slopes = [(high[1] - low[1]) / (high[0] - low[0]) for low, high in pairwise(points)]
    for (before, after), point in zip(pairwise(slopes), points[1:], strict=False):
        if after > before * (1 + 1e-9):
            yield refuse("curve_not_concave", channel=channel.name, amount=point[0])
            return


def start_at_zero(
    curve: tuple[tuple[float, float], ...],
) -> tuple[tuple[float, float], ...]:
    """The curve with the point (0, 0) in front, where it is not given."""
    return curve if curve[0] == (0, 0) else ((0.0, 0.0), *curve)


def _check_constraint(spec: BudgetSpec, constraint: Constraint, name: str) -> Iterator[Finding]:
    names = {channel.name for channel in spec.channels}
    for channel in constraint.coefficients:
        if channel not in names:
            yield refuse("unknown_channel", constraint=name, channel=channel)
    bounds = [bound for bound in (constraint.min, constraint.max) if bound is not None]
    if not bounds:
        yield refuse("constraint_without_bound", constraint=name)
    if not all(math.isfinite(figure) for figure in [*constraint.coefficients.values(), *bounds]):
        yield refuse("figure_infinite", name=name)
    elif not any(constraint.coefficients.values()):
        yield refuse("constraint_without_channel", constraint=name)
    elif len(bounds) == 2 and bounds[0] > bounds[1]:
        yield refuse("min_above_max", constraint=name, min=bounds[0], max=bounds[1])


def _spell(figure: float) -> float | str:
    return figure if math.isfinite(figure) else str(figure)
