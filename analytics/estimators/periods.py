"""Periods on a regular calendar: their order, and which are doubled or missing."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

Step = Literal["number", "day", "week", "month", "quarter", "year"]

SPELLINGS: tuple[tuple[Step, re.Pattern[str]], ...] = (
    ("week", re.compile(r"(\d{4})-?W(\d{1,2})")),
    ("quarter", re.compile(r"(\d{4})-?Q([1-4])")),
    ("month", re.compile(r"(\d{4})[-/.](\d{1,2})")),
    ("year", re.compile(r"(\d{4})")),
)
NAMED_AT_MOST = 12  # missing periods spelled out in a finding


@dataclass(frozen=True)
class Calendar:
    """Periods as positions on a line, one apart when they follow each other.

    `unreadable` rows count from 1 (None is left in their place). `missing` spells the first
    periods left out; `missing_count` counts them all. `step` is what lies between two positions.
    """

    step: Step
    positions: tuple[int | None, ...]
    unreadable: tuple[int, ...]
    doubled: tuple[str, ...]
    missing: tuple[str, ...]
    missing_count: int


def read_calendar(cells: Sequence[Any]) -> Calendar:
    """Read integers, dates, or texts such as 2026-03-01, 2026-03, 2026-W07, 2026-Q1, 2026."""
    read = [_read(cell) for cell in cells]
    steps = {one[0] for one in read if one}
    step: Step = steps.pop() if len(steps) == 1 else "day"
    if steps or not any(read):  # a mixture of spellings, or none that can be read
        rows = tuple(range(1, len(read) + 1))
        return Calendar(step, tuple(None for _ in read), rows, (), (), 0)
    unreadable = tuple(row for row, one in enumerate(read, 1) if one is None)
    positions = [one[1] if one else None for one in read]
    if step == "day":
        step, positions = _coarsen(positions)
    known = sorted(position for position in positions if position is not None)
    doubled = [position for position, times in Counter(known).items() if times > 1]
    gaps = [(low, high) for low, high in pairwise(sorted(set(known))) if high - low > 1]
    missing = [p for low, high in gaps for p in range(low + 1, min(high, low + 1 + NAMED_AT_MOST))]
    return Calendar(
        step,
        tuple(positions),
        unreadable,
        tuple(spell_period(step, position) for position in doubled),
        tuple(spell_period(step, position) for position in missing[:NAMED_AT_MOST]),
        sum(high - low - 1 for low, high in gaps),
    )


def _read(cell: Any) -> tuple[Step, int] | None:
    if isinstance(cell, datetime):
        return "day", cell.date().toordinal()
    if isinstance(cell, date):
        return "day", cell.toordinal()
    if isinstance(cell, int):
        return "number", cell
    if isinstance(cell, float):
        return ("number", int(cell)) if cell.is_integer() else None
    return _read_text(str(cell).strip())


def _read_text(text: str) -> tuple[Step, int] | None:
    for step, pattern in SPELLINGS:
        match = pattern.fullmatch(text)
        if match:
            return _read_parts(step, [int(part) for part in match.groups()])
    if re.fullmatch(r"[+-]?\d+", text):
        return "number", int(text)
    try:
        return "day", date.fromisoformat(text.replace("/", "-")).toordinal()
    except ValueError:
        return None


def _read_parts(step: Step, parts: list[int]) -> tuple[Step, int] | None:
    if step == "year":
        return step, parts[0]
    year, part = parts
    if step == "quarter":
        return step, year * 4 + part - 1
    if step == "month":
        return (step, year * 12 + part - 1) if 1 <= part <= 12 else None
    try:
        monday = date.fromisocalendar(year, part, 1)
    except ValueError:
        return None
    return step, (monday.toordinal() - 1) // 7


def _coarsen(days: list[int | None]) -> tuple[Step, list[int | None]]:
    """Days that are all the first of a month are months; days whole weeks apart are weeks."""
    known = [day for day in days if day is not None]
    if all(date.fromordinal(day).day == 1 for day in known):
        months = [None if day is None else _count_months(day) for day in days]
        return "month", months
    if all((day - known[0]) % 7 == 0 for day in known):
        return "week", [None if day is None else (day - 1) // 7 for day in days]
    return "day", days


def _count_months(day: int) -> int:
    first = date.fromordinal(day)
    return first.year * 12 + first.month - 1


def spell_period(step: Step, position: int) -> str:
    """The period at a position, as the cells spell it."""
    if step == "month":
        return f"{position // 12:04d}-{position % 12 + 1:02d}"
    if step == "quarter":
        return f"{position // 4:04d}-Q{position % 4 + 1}"
    if step == "week":
        year, week, _ = (date.fromordinal(1) + timedelta(weeks=position)).isocalendar()
        return f"{year:04d}-W{week:02d}"
    return date.fromordinal(position).isoformat() if step == "day" else str(position)
