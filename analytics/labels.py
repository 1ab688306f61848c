"""Words for the codes and columns that runs store."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext, gettext_lazy

INDICATORS = {
    "attendance": gettext_lazy("Attendance"),
    "interaction": gettext_lazy("Interaction"),
    "satisfaction": gettext_lazy("Satisfaction"),
    "participation": gettext_lazy("Participation"),
}
MEETING_CONTROLS = {
    "meetings_held": gettext_lazy("Meetings held"),
    "meeting_guests": gettext_lazy("Guests who attended"),
}
COLUMNS = {
    "period": gettext_lazy("Month"),
    "sales_amount": gettext_lazy("Sales"),
    "spend_amount": gettext_lazy("Spend, all channels"),
    "recency_days": gettext_lazy("Days since the last purchase"),
    "frequency": gettext_lazy("Number of purchases"),
    "monetary_amount": gettext_lazy("Amount bought"),
    "key": gettext_lazy("Row"),
    "indicator": gettext_lazy("Indicator"),
    "value": gettext_lazy("Value"),
    "weight": gettext_lazy("Weight"),
    "n": gettext_lazy("People"),
    "name": gettext_lazy("Channel"),
    "effect": gettext_lazy("Effect"),
    "cap": gettext_lazy("Cap"),
    "floor": gettext_lazy("Floor"),
    "const": gettext_lazy("Base level (no spend)"),
    "trend": gettext_lazy("Trend"),
    "season": gettext_lazy("Season"),
    **MEETING_CONTROLS,
}
DROP_REASONS = {
    "no_spend": gettext_lazy("No spend is recorded for this month."),
    "no_sales": gettext_lazy("No sales are recorded for this month."),
    "missing_value": gettext_lazy("A value is missing."),
    "no_ratings": gettext_lazy("Nobody gave a closing rating."),
}
EFFECT_UNITS = {
    "per_unit": gettext_lazy("New customers for one unit of currency"),
    "at_cap": gettext_lazy("New customers when the cap is spent in full"),
}


def label_indicator(name: str) -> str:
    return str(INDICATORS.get(name, name))


def label_column(name: str) -> str:
    """A column's heading; names of channels are shown as they are."""
    return str(COLUMNS.get(name, name))


def label_limit(name: str) -> str:
    """A limit of a budget: its total, the cap of a channel, or its floor."""
    if name == "total":
        return gettext("total budget")
    if name.startswith("floor:"):
        return gettext("floor of %(channel)s") % {"channel": name.removeprefix("floor:")}
    return gettext("cap of %(channel)s") % {"channel": name}


def label_drop(reason: str) -> str:
    return str(DROP_REASONS.get(reason, gettext("The row could not be used.")))


def label_parameter(name: str, value: Any) -> tuple[str, str]:
    """One line of the inputs of a run."""
    names = {
        "currency": gettext("Currency"),
        "start": gettext("First month"),
        "end": gettext("Last month"),
        "channel_names": gettext("Channels"),
        "combine": gettext("All channels as one"),
        "forecast": gettext("Forecast at"),
        "k": gettext("Number of segments"),
        "source": gettext("Source of the purchases"),
        "unit": gettext("Unit of the effect"),
        "total": gettext("Total budget"),
        "weights_version": gettext("Version of the weights"),
        "weights": gettext("Weights"),
        "meeting_controls": gettext("Taken out: meetings"),
        "own_figures": gettext("Taken out: own figures"),
    }
    if name == "channel_names" and not value:
        return names[name], gettext("all of them")
    if name == "meeting_controls":
        return names[name], _spell([label_column(control) for control in value])
    if name == "own_figures":
        return names[name], _spell(list(value))
    if name == "unit":
        return names[name], str(EFFECT_UNITS.get(value, value))
    return names.get(name, name), _spell(value)


def _spell(value: Any) -> str:
    if value is None or value in ({}, [], ""):
        return "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, dict):
        return " · ".join(f"{label_column(key)}: {_spell(part)}" for key, part in value.items())
    if isinstance(value, list):
        return " · ".join(_spell(part) for part in value)
    return str(value)


FIGURES = {
    "coefficients": gettext_lazy("Coefficient"),
    "controls": gettext_lazy("Taken out"),
    "estimate": gettext_lazy("Estimate"),
    "error": gettext_lazy("Standard error"),
    "least_squares": gettext_lazy("Least squares"),
    "ci95": gettext_lazy("95 % interval"),
    "pi95": gettext_lazy("95 % range of one row"),
    "forecast": gettext_lazy("Forecast"),
    "mean": gettext_lazy("Mean"),
    "at": gettext_lazy("At"),
    "n": gettext_lazy("Rows"),
    "ranges": gettext_lazy("Range of the data"),
    "diagnostics": gettext_lazy("Check"),
    "residual_sd": gettext_lazy("Residual spread"),
    "allocation": gettext_lazy("Allocation"),
    "objective": gettext_lazy("New customers"),
    "score": gettext_lazy("Score"),
    "currency": gettext_lazy("Currency"),
    "start": gettext_lazy("First month"),
    "end": gettext_lazy("Last month"),
}
BOUNDS = {"1": gettext_lazy("from"), "2": gettext_lazy("to")}
INTERVALS = frozenset({"ci95", "pi95", "ranges"})


def label_difference(path: str) -> str:
    """What differs between two runs, in words where there are some."""
    head, _dot, rest = path.partition(".")
    words = {
        "parameters": gettext("Parameter"),
        "dataset_sha256": gettext("Fingerprint of the data"),
        "seed": gettext("Random seed"),
        "code_version": gettext("Version of the method"),
        "library_versions": gettext("Library"),
        "figures": gettext("Figure"),
    }
    if not rest:
        return words.get(head, head)
    return f"{words.get(head, head)}: {' · '.join(_label_steps(rest.split('.')))}"


def _label_steps(steps: list[str]) -> Iterator[str]:
    """Steps of a path in words where there are some; the ends of an interval as from and to."""
    for place, step in enumerate(steps):
        is_end = step in BOUNDS and not INTERVALS.isdisjoint(steps[:place])
        if step:
            yield str(BOUNDS[step] if is_end else FIGURES.get(step, label_column(step)))
