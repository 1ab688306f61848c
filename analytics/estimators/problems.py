"""Budget and score problems as they come from a JSON document, read strictly.

A word out of place is an error, so that a misspelt limit is never silently left out.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from analytics.estimators.budget.spec import BudgetSpec, Channel, Constraint
from analytics.estimators.cells import MOST_DIGITS, is_ordinary
from analytics.estimators.errors import Finding, Refused, refuse
from analytics.estimators.score import Indicator, ScoreSpec

T = TypeVar("T")
Json = Mapping[str, Any]

PROBLEM = "problem"


class UnreadableProblem(Refused):
    """The document does not have the shape of a problem."""


def read_budget_problem(document: Any) -> BudgetSpec:
    """The budget problem of `analytics/METHODS.md`. Raises `UnreadableProblem`."""
    problem = _read_object(
        document, PROBLEM, "unit", "total", "channels", "constraints", "step", "currency"
    )
    return BudgetSpec(
        unit=_read_text(problem, "unit", PROBLEM) or "",  # type: ignore[arg-type]  # checked later
        total=_read_float(problem, "total", PROBLEM),
        channels=_read_all(problem, "channels", _read_channel, PROBLEM),
        constraints=_read_all(problem, "constraints", _read_constraint, PROBLEM),
        step=_read_float(problem, "step", PROBLEM),
        currency=_read_text(problem, "currency", PROBLEM),
    )


def read_score_problem(document: Any) -> ScoreSpec:
    """The score problem of `analytics/METHODS.md`. Raises `UnreadableProblem`."""
    problem = _read_object(document, PROBLEM, "indicators", "weights_version")
    return ScoreSpec(
        indicators=_read_all(problem, "indicators", _read_indicator, PROBLEM),
        weights_version=_read_text(problem, "weights_version", PROBLEM) or "",
    )


def _read_channel(document: Any, place: str) -> Channel:
    channel = _read_object(
        document,
        place,
        *("name", "effect", "cap", "floor", "curve", "largest_observed", "today", "currency"),
    )
    floor = _read_float(channel, "floor", place)
    return Channel(
        name=_require_text(channel, "name", place),
        effect=_read_float(channel, "effect", place),
        cap=_read_float(channel, "cap", place),
        floor=0.0 if floor is None else floor,
        curve=_read_all(channel, "curve", _read_point, place),
        largest_observed=_read_float(channel, "largest_observed", place),
        today=_read_float(channel, "today", place),
        currency=_read_text(channel, "currency", place),
    )


def _read_constraint(document: Any, place: str) -> Constraint:
    constraint = _read_object(document, place, "coefficients", "max", "min", "name")
    coefficients = _read_object(constraint.get("coefficients"), f"{place}.coefficients")
    return Constraint(
        coefficients={
            name: _require_float(coefficients, name, f"{place}.coefficients")
            for name in coefficients
        },
        max=_read_float(constraint, "max", place),
        min=_read_float(constraint, "min", place),
        name=_read_text(constraint, "name", place),
    )


def _read_point(document: Any, place: str) -> tuple[float, float]:
    if not isinstance(document, list) or len(document) != 2:
        raise UnreadableProblem([refuse("value_not_a_pair", place=place)])
    point = dict(zip(("0", "1"), document, strict=True))
    return _require_float(point, "0", place), _require_float(point, "1", place)


def _read_indicator(document: Any, place: str) -> Indicator:
    indicator = _read_object(document, place, "name", "weight", "value", "scale", "direction", "n")
    weight = _read_decimal(indicator, "weight", place)
    if weight is None:
        raise UnreadableProblem([refuse("key_missing", key="weight", place=place)])
    direction = _read_text(indicator, "direction", place) or "up"
    if direction not in ("up", "down"):
        raise UnreadableProblem([refuse("direction_unknown", place=place, value=direction)])
    n = _read_decimal(indicator, "n", place)
    if n is not None and not (n.is_finite() and n >= 0 and n == int(n)):
        raise UnreadableProblem([_not_a_number("n", place, n)])
    return Indicator(
        name=_require_text(indicator, "name", place),
        weight=weight,
        value=_read_decimal(indicator, "value", place),
        scale=_read_scale(indicator, place),
        direction="up" if direction == "up" else "down",
        n=None if n is None else int(n),
    )


def _read_scale(indicator: Json, place: str) -> tuple[Decimal, Decimal]:
    scale = indicator.get("scale", [0, 10])
    if not isinstance(scale, list) or len(scale) != 2:
        raise UnreadableProblem([refuse("value_not_a_pair", place=f"{place}.scale")])
    bounds = dict(zip(("low", "high"), scale, strict=True))
    low, high = (_read_decimal(bounds, key, f"{place}.scale") for key in ("low", "high"))
    if low is None or high is None:
        raise UnreadableProblem([refuse("value_not_a_pair", place=f"{place}.scale")])
    return low, high


def _read_object(document: Any, place: str, *keys: str) -> Json:
    """An object whose keys are all among `keys` (any, if none are named)."""
    if not isinstance(document, Mapping):
        raise UnreadableProblem([refuse("value_not_an_object", place=place)])
    unknown = [key for key in document if keys and key not in keys]
    if unknown:
        raise UnreadableProblem(
            [refuse("key_unknown", key=key, place=place, keys=list(keys)) for key in unknown]
        )
    return document


def _read_all(document: Json, key: str, read: Callable[[Any, str], T], place: str) -> tuple[T, ...]:
    items = document.get(key)
    if items is None:
        return ()
    if not isinstance(items, list):
        raise UnreadableProblem([refuse("value_not_a_list", key=key, place=place)])
    return tuple(read(item, f"{key}[{number}]") for number, item in enumerate(items, 1))


def _read_text(document: Json, key: str, place: str) -> str | None:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise UnreadableProblem([refuse("value_not_text", key=key, place=place)])
    return value


def _require_text(document: Json, key: str, place: str) -> str:
    text = _read_text(document, key, place)
    if not text:
        raise UnreadableProblem([refuse("key_missing", key=key, place=place)])
    return text


def _read_decimal(document: Json, key: str, place: str) -> Decimal | None:
    """A number, or a text that spells one; None where it is absent or empty."""
    value = document.get(key)
    if value is None or value == "":
        return None
    number = _parse("" if isinstance(value, bool) else str(value))
    if number is None:
        raise UnreadableProblem([_not_a_number(key, place, value)])
    if number.is_finite() and not is_ordinary(number):
        raise UnreadableProblem(
            [
                refuse(
                    "value_too_long", key=key, place=place, value=str(value)[:50], most=MOST_DIGITS
                )
            ]
        )
    return number


def _parse(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return None if number.is_snan() else number


def _not_a_number(key: str, place: str, value: Any) -> Finding:
    return refuse("value_not_a_number", key=key, place=place, value=str(value)[:50])


def _read_float(document: Json, key: str, place: str) -> float | None:
    value = _read_decimal(document, key, place)
    return None if value is None else float(value)


def _require_float(document: Json, key: str, place: str) -> float:
    value = _read_float(document, key, place)
    if value is None:
        raise UnreadableProblem([refuse("key_missing", key=key, place=place)])
    return value
