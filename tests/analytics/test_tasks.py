"""Runs and reports with real workers: killed in the middle, and two at once."""

import json
import sqlite3
import time

import pytest

from tests.processes import (
    Home,
    Process,
    home,
    start_beat,
    start_valkey,
    start_worker,
    wait_for_worker,
    wait_until,
)

__all__ = ["home"]

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

# The promise is ten seconds; on a machine busy with other work the same may take longer, and that
# alone must not fail the suite.
PATIENCE_S = 30
MONTHS = 240

CREATE_RUN = f"""
import random
from analytics.models import Run
from crm.models import User
user = User.objects.create_user("rep@vmcrm.example", name="Rep", is_staff=True)
chance = random.Random(7)
rows = []
for n in range({MONTHS}):
    spend = chance.randint(50, 150)
    rows.append({{
        "period": f"{{2000 + n // 12}}-{{n % 12 + 1:02d}}", "spend_amount": str(spend),
        "sales_amount": str(20 + 2 * spend + chance.randint(-30, 30)),
    }})
columns = [{{"name": name, "unit": "CNY"}} for name in ("period", "sales_amount", "spend_amount")]
Run.objects.create(
    kind="regression", requested_by=user, parameters={{"currency": "CNY"}},
    dataset={{"columns": columns, "rows": rows, "dropped": [], "facts": {{}}}},
)
"""
CREATE_DUE_REPORT = """
from datetime import timedelta
from django.utils import timezone
from django.contrib.auth.models import Group
from analytics.models import ReportSchedule
from crm.models import User
user = User.objects.create_user("rep@vmcrm.example", name="Rep", is_staff=True)
user.groups.set(Group.objects.filter(name="sales"))
schedule = ReportSchedule.objects.create(
    title="Monday", owner=user, next_run_at=timezone.now() - timedelta(minutes=1)
)
schedule.recipients.set([user])
"""


def read_rows(home: Home, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{home.database}?mode=ro", uri=True, timeout=10) as database:
        return database.execute(query).fetchall()


def run_state(home: Home) -> tuple[object, ...]:
    [row] = read_rows(home, "SELECT status, stage FROM analytics_run")
    return row


def start_system(home: Home) -> Process:
    start_valkey(home)
    start_beat(home)
    return start_worker(home, wait=False)


def test_worker_killed_in_a_run_is_made_good_with_one_result(home: Home) -> None:
    worker = start_system(home)
    home.run_code(CREATE_RUN)
    wait_until(
        lambda: run_state(home) == ("running", "estimate"),
        timeout_s=60,
        interval_s=0.01,
        process=worker,
    )
    worker.kill()
    assert run_state(home) == ("running", "estimate")

    restarted_at = time.monotonic()
    again = start_worker(home, wait=False)
    wait_until(lambda: run_state(home)[0] not in ("queued", "running"), timeout_s=60, process=again)
    took_s = time.monotonic() - restarted_at

    [(status, attempts, figures, lease)] = read_rows(
        home, "SELECT status, attempts, figures, lease_token FROM analytics_run"
    )
    assert status in ("ok", "ok_with_warnings")
    assert attempts == 2
    assert json.loads(str(figures))["n"] == MONTHS
    assert lease == ""
    assert took_s <= PATIENCE_S, f"took {took_s:.1f} s"


def test_due_report_comes_once_although_two_workers_look_at_once(home: Home) -> None:
    home.run_code(CREATE_DUE_REPORT)
    start_valkey(home)
    for worker in [start_worker(home, wait=False) for _number in range(2)]:
        wait_for_worker(worker)
    home.run_code(
        "from analytics.tasks import issue_due_reports\n"
        "for number in range(20): issue_due_reports.delay()\n"
    )
    start_beat(home)

    wait_until(
        lambda: read_rows(home, "SELECT 1 FROM crm_delivery WHERE state = 'sent'"), timeout_s=60
    )

    assert len(list(home.mail_folder.glob("*.eml"))) == 1
    assert read_rows(home, "SELECT count(*) FROM analytics_reportissue") == [(1,)]
    assert read_rows(home, "SELECT count(*) FROM analytics_run") == [(1,)]
    assert read_rows(home, "SELECT count(*) FROM crm_delivery") == [(1,)]
