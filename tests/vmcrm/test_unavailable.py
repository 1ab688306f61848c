"""A database that is busy or gone is said in words; a mistake of ours stays a mistake."""

import sqlite3
from pathlib import Path

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError

from vmcrm.unavailable import is_passing


def _raised_by_sqlite(path: Path, statement: str) -> OperationalError:
    """What Django makes of the driver's error: its own class, with the driver's as the cause."""
    with sqlite3.connect(path, timeout=0) as base:
        try:
            base.execute(statement)
        except sqlite3.OperationalError as cause:
            error = OperationalError(*cause.args)
            error.__cause__ = cause
            return error
    raise AssertionError(statement)


def test_locked_database_passes_and_a_missing_table_does_not(tmp_path):
    path = tmp_path / "base.sqlite3"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE here (a)")
    holder.execute("BEGIN IMMEDIATE")

    locked = _raised_by_sqlite(path, "INSERT INTO here VALUES (1)")
    holder.execute("ROLLBACK")
    holder.close()
    missing = _raised_by_sqlite(path, "SELECT * FROM nowhere")

    assert (is_passing(locked), is_passing(missing)) == (True, False)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OperationalError("server closed the connection unexpectedly"), True),
        (OperationalError("canceling statement due to lock timeout"), True),
        (InterfaceError("connection already closed"), True),
        (ProgrammingError("relation does not exist"), False),
        (ValueError("ours"), False),
        (None, False),
    ],
)
def test_error_of_postgresql_passes_when_it_is_one_of_its_working(error, passes):
    assert is_passing(error) is passes
