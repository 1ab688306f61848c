"""Columns of cells as arrays, with a finding for each column that cannot be read."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.estimators.errors import BadProblem, Finding, refuse

Floats = NDArray[np.float64]
Table = Mapping[str, Sequence[Any] | NDArray[Any]]

EMPTY_TEXTS = frozenset({"", "na", "n/a", "nan", "null", "none"})
ROWS_NAMED = 1_000
LARGEST = 1e100  # squares and sums of squares stay far from overflow
MOST_DIGITS = 100  # of an exact number, before and after its point


@dataclass(frozen=True)
class NumberColumn:
    """A column as numbers (NaN where there is none) and the rows, from 1, that have no number."""

    values: Floats
    missing: tuple[int, ...]
    infinite: tuple[int, ...]
    unreadable: tuple[int, ...]

    def list_findings(self, name: str) -> list[Finding]:
        rules = {
            "not_a_number": self.unreadable,
            "infinite_values": self.infinite,
            "missing_values": self.missing,
        }
        return [refuse_rows(code, name, rows) for code, rows in rules.items() if rows]


def refuse_rows(code: str, column: str, rows: Sequence[int]) -> Finding:
    """A refusal that names its rows: the first thousand, and how many there are."""
    return refuse(code, column=column, count=len(rows), rows=list(rows[:ROWS_NAMED]))


def check_table(data: Table, columns: Sequence[str]) -> int:
    """The number of rows. Raises `BadProblem` for unknown columns and unequal lengths."""
    unknown = [name for name in columns if name not in data]
    if unknown:
        raise BadProblem([refuse("unknown_column", column=name) for name in unknown])
    lengths = {name: len(data[name]) for name in columns}
    if len(set(lengths.values())) > 1:
        raise BadProblem([refuse("lengths_differ", lengths=lengths)])
    return next(iter(lengths.values()), 0)


def is_ordinary(number: Decimal) -> bool:
    """Whether an exact number is finite and short enough to be written out.

    "1e100000000" takes eleven characters to write and a hundred million digits to reckon with.
    """
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return False
    return exponent >= -MOST_DIGITS and max(exponent, number.adjusted()) < MOST_DIGITS


def is_empty(cell: Any) -> bool:
    """None, NaN and the usual spellings of "no value"."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and cell.strip().casefold() in EMPTY_TEXTS


def read_numbers(cells: Sequence[Any] | NDArray[Any]) -> NumberColumn:
    """Numbers, texts that spell numbers, and empty cells; anything else is unreadable."""
    unreadable: list[int] = []
    try:
        values = np.array(cells, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(len(cells))
        for index, cell in enumerate(cells):
            values[index], is_readable = _read_number(cell)
            if not is_readable:
                unreadable.append(index + 1)
    if not unreadable and np.all(np.abs(values) <= LARGEST):
        return NumberColumn(values, (), (), ())
    infinite = np.flatnonzero(np.abs(values) > LARGEST) + 1
    missing = np.setdiff1d(np.flatnonzero(np.isnan(values)) + 1, unreadable)
    return NumberColumn(
        values,
        tuple(int(row) for row in missing),
        tuple(int(row) for row in infinite),
        tuple(unreadable),
    )


def _read_number(cell: Any) -> tuple[float, bool]:
    if is_empty(cell):
        return math.nan, True
    try:
        return float(cell), True
    except (TypeError, ValueError):
        return math.nan, False
