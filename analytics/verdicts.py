"""The answer of a run in one plain sentence, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.charts.drawing import show_number
from analytics.datasets import SPEND
from analytics.estimators.errors import Finding
from analytics.estimators.regression.coefficients import decide_direction
from analytics.labels import label_column, label_indicator
from analytics.models import Run
from analytics.sentences import remedy, sentence
from analytics.sentences.spelling import join_names

Values = Mapping[str, Any]

STABLE = 0.8
_BAD_ROWS = frozenset({"decimal_slip", "outlying_rows"})
_CALENDAR = {
    "time_not_controlled": gettext_lazy("Trend and season are not taken out."),
    "season_not_controlled": gettext_lazy("The season is not taken out."),
    "season_unknown": gettext_lazy("The season is not taken out."),
}
_COLUMN_PARAMETERS = frozenset({"column", "columns", "indicator", "response", "weights"})


def verdict(run: Run) -> str:
    """What came out, or why nothing did. Never a number where there is none."""
    if run.is_answered and run.figures:
        answer = _ANSWERS[run.kind](run.figures, run)
        return _say_in_turn([*_cautions(run), answer])
    if run.status == Run.Status.REFUSED:
        return _("No figures: %(reason)s") % {"reason": _first_reason(run)}
    if run.status == Run.Status.FAILED:
        return str(run.get_failure_display() or Run.Failure.INTERNAL.label)
    if run.status == Run.Status.CANCELLED:
        return _("This run was cancelled before it had a result.")
    return _("There is no result yet.")


def worded_findings(run: Run) -> list[dict[str, str]]:
    """Findings as people read them: refusals first, then warnings, then remarks."""
    order = {"refuse": 0, "warn": 1, "info": 2}
    findings = sorted(map(_finding, run.findings), key=lambda finding: order[finding.severity])
    return [
        {
            "code": finding.code,
            "severity": finding.severity,
            "sentence": sentence(finding),
            "remedy": remedy(finding),
        }
        for finding in findings
    ]


def _cautions(run: Run) -> list[str]:
    """What has to be known before the answer is read: rows that look wrong, a season left in."""
    found = {finding["code"]: finding["parameters"] for finding in run.findings}
    places = [
        place
        for finding in run.findings
        if finding["code"] in _BAD_ROWS
        for place in finding["parameters"]["places"]
    ]
    cautions = []
    if places:
        cautions.append(
            _("First check these rows, which do not fit the others: %(rows)s.")
            % {"rows": join_names(list(dict.fromkeys(places)))}
        )
    cautions += [str(text) for code, text in _CALENDAR.items() if code in found]
    return cautions


def _say_in_turn(sentences: list[str]) -> str:
    """Sentences one after the other: Chinese leaves no blank between them."""
    said = sentences[0] if sentences else ""
    for following in sentences[1:]:
        said = _("%(sentence)s %(following)s") % {"sentence": said, "following": following}
    return said


def _finding(stored: dict[str, Any]) -> Finding:
    """The finding with columns and indicators called what the pages call them."""
    parameters = {
        name: _relabel(value) if name in _COLUMN_PARAMETERS else value
        for name, value in stored["parameters"].items()
    }
    return Finding(stored["code"], stored["severity"], parameters)


def _relabel(value: Any) -> Any:
    if isinstance(value, list):
        return [_relabel(part) for part in value]
    if isinstance(value, dict):
        return {_relabel(name): part for name, part in value.items()}
    return label_indicator(label_column(value)) if isinstance(value, str) else value


def _first_reason(run: Run) -> str:
    refusals = [finding for finding in run.findings if finding["severity"] == "refuse"]
    return sentence(_finding(refusals[0])) if refusals else _("the data do not allow an answer.")


def _regression(figures: Values, run: Run) -> str:
    currency = run.parameters.get("currency", "")
    causes = {name: part for name, part in figures["coefficients"].items() if name != "const"}
    if len(causes) > 1:
        return _several_channels(causes)
    name, part = next(iter(causes.items()))
    values = {
        "name": label_column(name) if name != SPEND else _("spend"),
        "currency": currency,
        "estimate": show_number(part["estimate"], 3),
        "lo": show_number(part["ci95"][0], 3),
        "hi": show_number(part["ci95"][1], 3),
    }
    if direction_of(part) is None:
        return (
            _(
                "These months do not show whether sales and %(name)s move together: one more "
                "%(currency)s goes with anything from %(lo)s to %(hi)s %(currency)s of sales."
            )
            % values
        )
    return (
        _(
            "One more %(currency)s of %(name)s goes with about %(estimate)s %(currency)s of sales "
            "(95 %% interval: %(lo)s to %(hi)s)."
        )
        % values
    )


def _several_channels(causes: Mapping[str, dict[str, Any]]) -> str:
    named: dict[str, list[str]] = {"with": [], "against": []}
    for name, part in causes.items():
        direction = direction_of(part)
        if direction:
            named[direction].append(label_column(name))
    sentences = []
    if named["with"]:
        sentences.append(
            _("Sales clearly move together with spend on: %(channels)s.")
            % {"channels": join_names(named["with"])}
        )
    if named["against"]:
        sentences.append(
            _("Sales are clearly lower in months with more spend on: %(channels)s.")
            % {"channels": join_names(named["against"])}
        )
    return _say_in_turn(sentences) or _(
        "For none of the %(n)s channels do these months show clearly how much sales goes "
        "with its spend."
    ) % {"n": len(causes)}


def direction_of(part: Mapping[str, Any]) -> str | None:
    """What the estimator's test said of a channel: `with`, `against`, or None for unclear.

    Runs from before it was stored have what the same test needs.
    """
    if "direction" in part:
        return part["direction"]
    low, high = part["ci95"]
    return decide_direction(part["estimate"], (low, high), part["p_holm"])


def _score(figures: Values, run: Run) -> str:
    values = {"score": show_number(figures["score"], 3)}
    left_out = figures.get("left_out", [])
    if not left_out:
        return _("This meeting scores %(score)s of 10.") % values
    values["left_out"] = join_names([label_indicator(name) for name in left_out])
    return _("This meeting scores %(score)s of 10, without: %(left_out)s.") % values


def _segments(figures: Values, run: Run) -> str:
    count = figures["k"]
    if not count:
        return _("There are no stable segments among these customers.")
    values = {"n": show_number(figures["n"], 9), "count": count}
    doubts = {"segments_not_stable", "segments_not_distinct"} & {
        finding["code"] for finding in run.findings
    }
    if doubts and (figures["stability"] or 0.0) >= STABLE:
        return (
            _(
                "The %(n)s customers were put into %(count)s segments, as asked for, but these do "
                "not stand out: customers without any groups would divide much the same."
            )
            % values
        )
    if doubts:
        return (
            _(
                "The %(n)s customers were put into %(count)s segments, as asked for, but these are "
                "not stable: other samples would group them differently."
            )
            % values
        )
    if run.parameters.get("k"):
        return _("In %(count)s segments, as asked for, the %(n)s customers group stably.") % values
    return (
        ngettext(
            "The %(n)s customers form %(count)s segment.",
            "The %(n)s customers form %(count)s segments.",
            count,
        )
        % values
    )


def _budget(figures: Values, run: Run) -> str:
    parts = [f"{name} {show_number(amount)}" for name, amount in figures["allocation"].items()]
    return _("Best split: %(split)s. Expected new customers: %(customers)s.") % {
        "split": " · ".join(parts),
        "customers": show_number(figures["objective"]),
    }


_ANSWERS: dict[str, Callable[[Values, Run], str]] = {
    Run.Kind.REGRESSION: _regression,
    Run.Kind.SCORE: _score,
    Run.Kind.SEGMENTS: _segments,
    Run.Kind.BUDGET: _budget,
}
