"""The meeting effect score: declared indicators, exact decimals, weights that sum to one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any, Literal

from analytics.estimators.cells import is_ordinary
from analytics.estimators.errors import BadProblem, Finding, Status, judge, refuse, warn

TOP = 10  # every indicator is mapped to 0..TOP
WEIGHT_SHIFT = Fraction(1, 20)
FEW_RATINGS = 10


@dataclass(frozen=True)
class Indicator:
    """One declared figure of a meeting.

    `value` lies on `scale` = (lowest, highest); `direction` says whether high is good ("up") or
    bad ("down"); `n` is the number of people behind the figure, if it is known.
    """

    name: str
    weight: Decimal
    value: Decimal | None
    scale: tuple[Decimal, Decimal] = (Decimal(0), Decimal(TOP))
    direction: Literal["up", "down"] = "up"
    n: int | None = None


@dataclass(frozen=True)
class ScoreSpec:
    """The indicators of one meeting; scores compare within one `weights_version` only.

    With `may_leave_out` an indicator that has no value is left out, and the others share its
    weight in proportion to their own; a finding names it.
    """

    indicators: tuple[Indicator, ...]
    weights_version: str = ""
    may_leave_out: bool = False

    @property
    def scored(self) -> tuple[Indicator, ...]:
        """The indicators that the score is made of."""
        if not self.may_leave_out:
            return self.indicators
        return tuple(one for one in self.indicators if one.value is not None)

    @property
    def left_out(self) -> tuple[Indicator, ...]:
        """Indicators with a weight that the score does without."""
        return tuple(one for one in self.indicators if one.weight and one not in self.scored)


@dataclass(frozen=True)
class Contribution:
    """How much one indicator adds to the score, and the figure behind it."""

    mapped: Decimal
    contribution: Decimal
    weight: Decimal
    value: Decimal
    n: int | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "mapped": _spell(self.mapped),
            "contribution": _spell(self.contribution),
            "weight": _spell(self.weight),
            "value": _spell(self.value),
            "n": self.n,
        }


@dataclass(frozen=True)
class ScoreResult:
    """The score from 0 to 10, with its range when 0.05 of weight moves between two indicators."""

    findings: tuple[Finding, ...]
    status: Status
    score: Decimal
    score_range: tuple[Decimal, Decimal]
    indicators: Mapping[str, Contribution]
    weights_version: str
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "findings": [finding.to_dict() for finding in self.findings],
            "score": _spell(self.score),
            "contributions": {
                name: _spell(part.contribution) for name, part in self.indicators.items()
            },
            "score_range": [_spell(bound) for bound in self.score_range],
            "indicators": {name: part.to_dict() for name, part in self.indicators.items()},
            "weights_version": self.weights_version,
            "left_out": list(self.left_out),
        }


@dataclass(frozen=True)
class RankedMeeting:
    """A meeting's place among others, and how far it moves when the weights move by 0.05."""

    key: str
    score: Decimal
    rank: int
    best_rank: int
    worst_rank: int


def score_meeting(spec: ScoreSpec) -> ScoreResult:
    """Score one meeting from 0 to 10.

    Each value is mapped linearly from its scale to 0..10 (turned round where low is good) and
    weighted: score = sum of w_i * 10 * (x_i - low_i) / (high_i - low_i). All steps are exact
    rationals; a figure without a finite decimal form is rounded once, at the end, to 12 places.

    Missing values are refused or, with `spec.may_leave_out`, left out by name; they are never taken
    as zero. Raises `BadProblem` for no indicators, names given twice, missing figures, figures that
    are not finite or longer than a hundred digits before or after the point, an empty scale, a
    value off its scale, negative weights, weights that do not sum to exactly 1, and when nothing
    with a weight is left to score.

    Source: simple additive weighting with min-max normalisation, OECD/JRC Handbook on
    Constructing Composite Indicators (2008), steps 5 (normalisation) and 7 (aggregation).
    """
    values = _check(spec)
    mapped = _map_all(spec, values)
    weights = _share_weights(spec)
    scores = [_weigh(mapped, shifted) for shifted in _shift_weights(weights)]
    findings = (*_name_left_out(spec, weights), *_name_few(spec))
    return ScoreResult(
        findings=findings,
        status=judge(findings),
        score=_to_decimal(scores[0]),
        score_range=(_to_decimal(min(scores)), _to_decimal(max(scores))),
        indicators={
            one.name: Contribution(
                mapped=_to_decimal(mapped[one.name]),
                contribution=_to_decimal(mapped[one.name] * weights[one.name]),
                weight=_to_decimal(weights[one.name]),
                value=values[one.name],
                n=one.n,
            )
            for one in spec.scored
        },
        weights_version=spec.weights_version,
        left_out=tuple(one.name for one in spec.left_out),
    )


def rank_meetings(specs: Mapping[str, ScoreSpec]) -> tuple[RankedMeeting, ...]:
    """Rank meetings by score, best first, with the range of each rank.

    The range covers every way of moving 0.05 of weight from one indicator to another, the same
    way for all meetings. Equal scores share a rank. Raises `BadProblem` as `score_meeting` does,
    and when weights or their versions differ: scores of different rules do not compare.
    """
    mapped = {key: _map_all(spec, _check(spec)) for key, spec in specs.items()}
    rules = {
        (spec.weights_version, tuple(sorted((i.name, i.weight) for i in spec.scored)))
        for spec in specs.values()
    }
    if len(rules) > 1:
        raise BadProblem([refuse("weights_differ", versions=sorted({rule[0] for rule in rules}))])
    if not rules:
        return ()
    weights = _share_weights(next(iter(specs.values())))
    rankings = [
        _rank({key: _weigh(values, shifted) for key, values in mapped.items()})
        for shifted in _shift_weights(weights)
    ]
    ranked = [
        RankedMeeting(
            key=key,
            score=_to_decimal(_weigh(mapped[key], weights)),
            rank=rankings[0][key],
            best_rank=min(ranking[key] for ranking in rankings),
            worst_rank=max(ranking[key] for ranking in rankings),
        )
        for key in specs
    ]
    return tuple(sorted(ranked, key=lambda meeting: (meeting.rank, meeting.key)))


def _check(spec: ScoreSpec) -> dict[str, Decimal]:
    """Refuse what does not hold together; the values, none of them missing, by name."""
    if not spec.indicators:
        raise BadProblem([refuse("no_indicators")])
    names = Counter(one.name for one in spec.indicators)
    findings = [refuse("name_twice", name=name) for name, times in names.items() if times > 1]
    for one in spec.indicators:
        if one.value is None and not spec.may_leave_out:
            findings.append(refuse("value_missing", indicator=one.name))
        else:
            findings += _check_indicator(one)
    if not findings:
        total = sum((Fraction(one.weight) for one in spec.indicators), Fraction(0))
        if total != 1:
            findings.append(refuse("weights_do_not_sum_to_one", total=_spell(_to_decimal(total))))
    if not findings and not any(one.weight for one in spec.scored):
        findings.append(refuse("nothing_to_score"))
    if findings:
        raise BadProblem(findings)
    return {one.name: one.value for one in spec.indicators if one.value is not None}


def _check_indicator(one: Indicator) -> list[Finding]:
    """What is wrong with its figures; one that is left out has a weight only."""
    low, high = one.scale
    figures = (one.weight,) if one.value is None else (one.weight, one.value, low, high)
    if not all(is_ordinary(figure) for figure in figures):
        return [refuse("figure_not_finite", indicator=one.name)]
    if one.weight < 0:
        return [refuse("negative_weight", indicator=one.name, weight=_spell(one.weight))]
    if one.value is None:
        return []
    if low >= high:
        return [refuse("empty_scale", indicator=one.name, low=_spell(low), high=_spell(high))]
    if not low <= one.value <= high:
        return [
            refuse(
                "value_off_scale",
                indicator=one.name,
                value=_spell(one.value),
                low=_spell(low),
                high=_spell(high),
            )
        ]
    return []


def _map_all(spec: ScoreSpec, values: Mapping[str, Decimal]) -> dict[str, Fraction]:
    return {one.name: _map(one, values[one.name]) for one in spec.scored}


def _share_weights(spec: ScoreSpec) -> dict[str, Fraction]:
    """The weights of what is scored, scaled to sum to one."""
    declared = {one.name: Fraction(one.weight) for one in spec.scored}
    whole = sum(declared.values(), Fraction(0))
    return {name: weight / whole for name, weight in declared.items()}


def _name_left_out(spec: ScoreSpec, weights: Mapping[str, Fraction]) -> list[Finding]:
    """A warning for each, with what the others weigh instead."""
    return [
        warn(
            "left_out",
            indicator=one.name,
            weights={name: float(weight) for name, weight in weights.items() if weight},
        )
        for one in spec.left_out
    ]


def _name_few(spec: ScoreSpec) -> list[Finding]:
    return [
        warn("few_people", indicator=one.name, n=one.n, least=FEW_RATINGS)
        for one in spec.scored
        if one.n is not None and one.n < FEW_RATINGS
    ]


def _map(one: Indicator, value: Decimal) -> Fraction:
    low, high = (Fraction(bound) for bound in one.scale)
    position = (Fraction(value) - low) / (high - low)
    return TOP * (position if one.direction == "up" else 1 - position)


def _weigh(mapped: Mapping[str, Fraction], weights: Mapping[str, Fraction]) -> Fraction:
    return sum((mapped[name] * weight for name, weight in weights.items()), Fraction(0))


def _shift_weights(weights: Mapping[str, Fraction]) -> list[dict[str, Fraction]]:
    """The weights as declared, then every move of 0.05 (or what is there) between two of them."""
    shifted = [dict(weights)]
    for giver, taker in permutations(weights, 2):
        moved = min(WEIGHT_SHIFT, weights[giver])
        shifted.append({**weights, giver: weights[giver] - moved, taker: weights[taker] + moved})
    return shifted


def _rank(scores: Mapping[str, Fraction]) -> dict[str, int]:
    return {
        key: 1 + sum(other > score for other in scores.values()) for key, score in scores.items()
    }


def _to_decimal(value: Fraction) -> Decimal:
    """Exact where a finite decimal exists, else rounded half to even at 12 places."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest == 1:
        places = 0
        while (value * 10**places).denominator != 1:
            places += 1
        return Decimal(int(value * 10**places)).scaleb(-places)
    scaled = Decimal(round(value * 10**12))
    return scaled.scaleb(-12).quantize(Decimal("1e-12"), rounding=ROUND_HALF_EVEN)


def _spell(value: Decimal) -> str:
    """Plain digits without an exponent or trailing zeros: 7.1, 0, 10."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
