"""What a drawn chart consists of, and the building blocks the kinds share."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.utils import formats

_IS_PLAIN: ContextVar[bool] = ContextVar("numbers are plain", default=False)


@dataclass(frozen=True)
class Table:
    """The numbers of a chart as text: what a screen reader, and a careful reader, gets."""

    headers: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Drawing:
    """A chart ready to show. `spec` carries no colours: they come with the theme."""

    kind: str
    title: str
    alt: str
    spec: dict[str, Any] = field(repr=False)
    table: Table = field(repr=False)


@contextmanager
def plain_numbers() -> Iterator[None]:
    """Numbers as programs read them: all digits a double has, a point, no groups, no words."""
    token = _IS_PLAIN.set(True)
    try:
        yield
    finally:
        _IS_PLAIN.reset(token)


def show_number(value: float | str | None, digits: int = 4) -> str:
    """A number for people: `digits` significant digits, grouped and pointed by their locale."""
    if value is None:
        return "–"
    number = float(value)
    if _IS_PLAIN.get():
        return f"{number:.15g}"
    if number == 0:
        return "0"
    rounded = float(f"{number:.{digits}g}")
    exponent = int(f"{abs(rounded):e}".split("e")[1])
    if not -6 <= exponent < 15:
        return f"{rounded:.{digits - 1}e}"
    decimals = max(0, digits - 1 - exponent)
    text = formats.number_format(
        f"{rounded:.{decimals}f}", decimal_pos=None, use_l10n=True, force_grouping=True
    )
    return _strip_zeros(text, formats.get_format("DECIMAL_SEPARATOR", use_l10n=True))


def _strip_zeros(text: str, separator: str) -> str:
    if separator not in text:
        return text
    return text.rstrip("0").removesuffix(separator)
