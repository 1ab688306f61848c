"""On PostgreSQL a lock is waited for as long as on SQLite, and its errors get the same page."""

import json
from pathlib import Path

import pytest

from tests.postgresql import running_postgresql
from tests.processes import Home

pytestmark = pytest.mark.process
MEET = """
import json, threading
from django.db import connection, transaction
from vmcrm.unavailable import is_passing

def failure(statement):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except Exception as error:
        return [type(error).__name__, is_passing(error)]

found = {}

def elsewhere():
    found["locked"] = failure("INSERT INTO here VALUES (1)")
    found["missing"] = failure("SELECT * FROM nowhere")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend({own})")
    connection.close()

with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE here (a int)")
with transaction.atomic(durable=True):
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE here")
        cursor.execute("SELECT pg_backend_pid()")
        own = cursor.fetchone()[0]
    other = threading.Thread(target=elsewhere)
    other.start()
    other.join()
    found["cut"] = failure("SELECT 1")
    transaction.set_rollback(True)
print(json.dumps(found))
"""


def test_lock_and_lost_connection_pass_and_a_missing_table_does_not(tmp_path: Path) -> None:
    with running_postgresql() as address:
        home = Home(tmp_path, {"DATABASE_URL": address, "VMCRM_DATABASE_WAIT_S": "1"})
        found = json.loads(home.run_code(MEET).strip().splitlines()[-1])

    assert found == {
        "locked": ["OperationalError", True],
        "missing": ["ProgrammingError", False],
        "cut": ["OperationalError", True],
    }
