"""Figures of one's own, pasted month by month: a competitor's price, working days, a discount."""

import csv
import io
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from analytics.labels import COLUMNS

DELIMITERS = ";\t,"
FULL_WIDTH = str.maketrans("；，", ";,")  # as a Chinese keyboard writes them
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
MAX_COLUMNS = 5

Figures = dict[str, dict[str, str]]


class MonthlyFiguresField(forms.CharField):
    """A pasted table as {name: {month: number as written}}; empty text is no figures."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def to_python(self, value: Any) -> Figures:  # type: ignore[override]
        text = super().to_python(value)
        return read_figures(text) if text else {}


def read_figures(text: str) -> Figures:
    """Read a line of names (the first for the months) and a line for each month."""
    lines = _split(text.translate(FULL_WIDTH))
    has_names = len(lines) > 1 and not MONTH.fullmatch(lines[0][0])
    names = lines[0][1:] if has_names else []
    _check_names(names)
    figures: Figures = {name: {} for name in names}
    for number, line in enumerate(lines[1:], start=2):
        month, cells = _read_line(number, line, len(names))
        if month in figures[names[0]]:
            raise ValidationError(_("Month %(month)s comes twice.") % {"month": month})
        for name, cell in zip(names, cells, strict=True):
            figures[name][month] = cell
    return figures


def _split(text: str) -> list[list[str]]:
    """The cells of each line that has any, without blanks around them."""
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ValidationError(
            _("This is not a table. Paste it as text: a line for each month.")
        ) from error
    return [[cell.strip() for cell in line] for line in lines if any(map(str.strip, line))]


def _check_names(names: list[str]) -> None:
    if not names or not all(names):
        raise ValidationError(
            _("Write a first line with the names, such as: month; competitor's price")
        )
    if len(names) > MAX_COLUMNS:
        raise ValidationError(_("Give %(most)s columns at most.") % {"most": MAX_COLUMNS})
    taken = [name for name in names if names.count(name) > 1 or name in COLUMNS]
    if taken:
        raise ValidationError(_("Choose another name for “%(name)s”.") % {"name": taken[0]})


def _read_line(number: int, line: list[str], width: int) -> tuple[str, list[str]]:
    month, cells = line[0], line[1:]
    if not MONTH.fullmatch(month):
        raise ValidationError(
            _("Line %(line)s should begin with a month such as 2026-01.") % {"line": number}
        )
    if len(cells) != width or not all(map(_is_number, cells)):
        raise ValidationError(
            _(
                "Line %(line)s should have as many numbers as there are names (%(count)s), with a "
                "point before their decimals."
            )
            % {"line": number, "count": width}
        )
    return month, cells


def _is_number(cell: str) -> bool:
    try:
        return Decimal(cell).is_finite()
    except InvalidOperation:
        return False
