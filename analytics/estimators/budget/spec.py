"""What a budget allocation is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analytics.estimators.errors import Finding, Status

EffectUnit = Literal["per_unit", "at_cap"]
LimitKind = Literal["total", "cap", "floor", "max", "min"]


@dataclass(frozen=True)
class Channel:
    """One place where money can go.

    `effect` is new customers per currency unit, or at full cap (`BudgetSpec.unit`). A `curve` of
    (amount, new customers) points with falling slopes takes the place of `effect`; it starts at
    (0, 0) and is not continued beyond its last point. Without `cap`, `largest_observed` spend is
    the cap. `today` is the present spend, for comparison only.
    """

    name: str
    effect: float | None = None
    cap: float | None = None
    floor: float = 0.0
    curve: tuple[tuple[float, float], ...] = ()
    largest_observed: float | None = None
    today: float | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Constraint:
    """min <= sum of coefficient x amount <= max; either bound may be absent."""

    coefficients: Mapping[str, float]
    max: float | None = None
    min: float | None = None
    name: str | None = None


@dataclass(frozen=True)
class BudgetSpec:
    """The question. `step` makes every amount a whole multiple of it."""

    unit: EffectUnit
    total: float | None
    channels: tuple[Channel, ...]
    constraints: tuple[Constraint, ...] = ()
    step: float | None = None
    currency: str | None = None


@dataclass(frozen=True)
class ShadowPrice:
    """New customers lost with one unit less of a limit, and won with one more.

    None: one unit less (more) leaves no allocation at all. `range` is the stretch of the limit's
    value over which both prices hold (open ends are None); with steps it is not given.
    """

    less: float | None
    more: float | None
    range: tuple[float | None, float | None] | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "less": self.less,
            "more": self.more,
            "range": None if self.range is None else list(self.range),
        }


@dataclass(frozen=True)
class Rung:
    """The best allocation at a share of the total; none where the floors cannot be paid."""

    share: float
    total: float
    allocation: Mapping[str, float] | None
    objective: float | None
    cut: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "share": self.share,
            "total": self.total,
            "allocation": None if self.allocation is None else dict(self.allocation),
            "objective": self.objective,
            "cut": list(self.cut),
        }


@dataclass(frozen=True)
class Comparison:
    """Another way to spend the money, and whether it keeps the limits."""

    name: Literal["today", "equal"]
    allocation: Mapping[str, float]
    objective: float
    keeps_limits: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "allocation": dict(self.allocation),
            "objective": self.objective,
            "keeps_limits": self.keeps_limits,
        }


@dataclass(frozen=True)
class Relaxation:
    """One limit that must give way: `current` -> `needed`, a change of `by`."""

    limit: str
    kind: LimitKind
    current: float
    needed: float
    by: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "limit": self.limit,
            "kind": self.kind,
            "current": self.current,
            "needed": self.needed,
            "by": self.by,
        }


@dataclass(frozen=True)
class BudgetResult:
    """The answer.

    Limits are named alike in `binding` and `shadow_prices`: `total`, a channel's name for its cap,
    `floor:NAME`, and `LABEL:max` or `LABEL:min` for an extra constraint.
    """

    findings: tuple[Finding, ...]
    status: Status
    unit: EffectUnit
    allocation: Mapping[str, float]
    objective: float
    binding: tuple[str, ...]
    shadow_prices: Mapping[str, ShadowPrice]
    ladder: tuple[Rung, ...]
    turns: tuple[Rung, ...]
    alternatives: tuple[Mapping[str, float], ...]
    comparisons: tuple[Comparison, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "findings": [finding.to_dict() for finding in self.findings],
            "unit": self.unit,
            "allocation": dict(self.allocation),
            "objective": self.objective,
            "binding": list(self.binding),
            "shadow_prices": {name: p.to_dict() for name, p in self.shadow_prices.items()},
            "ladder": [rung.to_dict() for rung in self.ladder],
            "turns": [rung.to_dict() for rung in self.turns],
            "alternatives": [dict(other) for other in self.alternatives],
            "comparisons": [other.to_dict() for other in self.comparisons],
            "relax": [],
        }
