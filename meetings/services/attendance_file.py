"""The attendance report as a file for spreadsheets."""

import csv
import io
from collections.abc import Iterable

from django.utils.translation import gettext as _

from meetings.selectors.attendance import AttendanceRow

# Spreadsheets take a cell that begins with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# So that spreadsheets read the file as UTF-8.
_BYTE_ORDER_MARK = "\ufeff"


def escape_cell(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def build_csv(*, rows: Iterable[AttendanceRow]) -> str:
    """One line for each registration; figures that are not known are empty, not zero."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(
        [
            _("Name"),
            _("Company"),
            _("E-mail address"),
            _("Address verified"),
            _("Minutes"),
            _("Attended"),
            _("Seconds talked"),
            _("Chat lines"),
            _("Rating"),
            _("Engagement points"),
            _("One of us"),
        ]
    )
    for row in rows:
        writer.writerow(_cells(row))
    return _BYTE_ORDER_MARK + target.getvalue()


def _cells(row: AttendanceRow) -> list[str]:
    yes, no = _("yes"), _("no")
    return [
        escape_cell(row.name),
        escape_cell(row.company_name),
        escape_cell(row.address),
        yes if row.is_verified else no,
        _number(row.minutes),
        yes if row.has_attended else no,
        _number(row.talked_s),
        str(row.chat_lines),
        _number(row.rating),
        _number(row.points),
        yes if row.is_internal else no,
    ]


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
