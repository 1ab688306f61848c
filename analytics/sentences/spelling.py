"""The parameters of a finding as people write them: numbers, lists, limits that give way."""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

NAMED_AT_MOST = 10
SMALLEST = 1e-9  # a longer row of zeros is not read but counted

LIMITS: dict[str, Any] = {
    "total": _("the total from %(current)s to %(needed)s"),
    "cap": _("the cap of “%(name)s” from %(current)s to %(needed)s"),
    "floor": _("the floor of “%(name)s” from %(current)s to %(needed)s"),
    "max": _("the most of “%(name)s” from %(current)s to %(needed)s"),
    "min": _("the least of “%(name)s” from %(current)s to %(needed)s"),
}


def spell_all(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a finding as its sentences take them in."""
    return {name: _spell(value) for name, value in parameters.items()}


def spell_number(value: float) -> str:
    """A number as people write it: 1200000, 0.05, 14.91; four digits where it is not whole."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    if not SMALLEST <= abs(value) < 10**15:
        return f"{value:.4g}"
    rounded = Decimal(f"{value:.4g}")
    if abs(value) >= 10**4:
        rounded = Decimal(round(value))
    return format(rounded, "f")


def _spell(value: Any) -> str:
    spellings: list[tuple[type | tuple[type, ...], Callable[[Any], str]]] = [
        (str, str),
        ((int, float), spell_number),
        (Mapping, _spell_mapping),
        (Sequence, _spell_list),
    ]
    return next((spell(value) for kind, spell in spellings if isinstance(value, kind)), "–")


def _spell_mapping(value: Mapping[str, Any]) -> str:
    if "needed" in value:
        return _spell_limit(value)
    return join_names([f"{name} {_spell(part)}" for name, part in value.items()])


def _spell_limit(limit: Mapping[str, Any]) -> str:
    """A limit that has to give way, and by how much."""
    name = str(limit["limit"]).removeprefix("floor:").removesuffix(":max").removesuffix(":min")
    return str(LIMITS[limit["kind"]]) % {
        "name": name,
        "current": spell_number(limit["current"]),
        "needed": spell_number(limit["needed"]),
    }


def _spell_list(values: Sequence[Any]) -> str:
    shown = join_names([_spell(value) for value in values[:NAMED_AT_MOST]])
    if len(values) <= NAMED_AT_MOST:
        return shown
    rest = len(values) - NAMED_AT_MOST
    return gettext("%(shown)s and %(rest)s more") % {"shown": shown, "rest": rest}


def join_names(names: Sequence[str]) -> str:
    """A list of names in one line."""
    return pgettext("between the items of a list", ", ").join(names)
