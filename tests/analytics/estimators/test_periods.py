"""Periods in the spellings people use."""

from datetime import date

import pytest

from analytics.estimators.periods import read_calendar


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        (["2025-11", "2025-12", "2026-01"], ()),
        (["2025-11", "2026-01"], ("2025-12",)),
        (["2025-11-01", "2026-01-01"], ("2025-12",)),
        ([date(2025, 11, 1), date(2025, 12, 1), date(2026, 2, 1)], ("2026-01",)),
        (["2026-03-01", "2026-03-02", "2026-03-04"], ("2026-03-03",)),
        (["2026-03-02", "2026-03-09", "2026-03-23"], ("2026-W12",)),
        (["2020-W52", "2021-W01"], ("2020-W53",)),
        (["2025-Q3", "2025-Q4", "2026-Q2"], ("2026-Q1",)),
        (["2023", "2025"], ("2024",)),
        ([3, 1, 4], ("2",)),
    ],
)
def test_missing_periods_are_named_in_their_own_spelling(
    cells: list[object], missing: tuple[str, ...]
) -> None:
    calendar = read_calendar(cells)

    assert (calendar.missing, calendar.missing_count) == (missing, len(missing))
    assert (calendar.unreadable, calendar.doubled) == ((), ())


@pytest.mark.parametrize("cell", ["2026-13", "2026-W54", "soon", "", 1.5])
def test_cell_that_is_no_period_is_named_by_its_row(cell: object) -> None:
    assert 2 in read_calendar(["2026-01", cell, "2026-02"]).unreadable


def test_mixed_spellings_are_unreadable_as_a_whole() -> None:
    assert read_calendar(["2026-01", "2026-Q2"]).unreadable == (1, 2)


def test_doubled_periods_are_named_once() -> None:
    assert read_calendar(["2026-01", "2026-02", "2026/1"]).doubled == ("2026-01",)
