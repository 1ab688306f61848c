"""Words for the codes and columns that runs store."""

from typing import Any

from django.utils.translation import gettext, gettext_lazy

INDICATORS = {
    "attendance": gettext_lazy("Attendance"),
    "interaction": gettext_lazy("Interaction"),
    "satisfaction": gettext_lazy("Satisfaction"),
    "participation": gettext_lazy("Participation"),
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
    }
    if name == "channel_names" and not value:
        return names[name], gettext("all of them")
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


def label_difference(path: str) -> str:
    """What differs between two runs: the first step in words, the rest as it is stored."""
    head, _dot, rest = path.partition(".")
    words = {
        "parameters": gettext("Parameter"),
        "dataset_sha256": gettext("Fingerprint of the data"),
        "seed": gettext("Random seed"),
        "code_version": gettext("Version of the method"),
        "library_versions": gettext("Library"),
        "figures": gettext("Figure"),
    }
    return f"{words.get(head, head)}: {rest}" if rest else words.get(head, head)
