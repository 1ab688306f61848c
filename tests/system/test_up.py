"""`manage.py up`: from nothing to ready, again from where it was, and after being killed."""

import json
import random
import signal
import sqlite3
import time
import urllib.request
from contextlib import closing

import psutil
import pytest

from tests.system.running import (
    READY_LINE,
    find_free_port,
    make_environment,
    running_system,
    start_up,
    stop,
    wait_until_ready,
)
from vmcrm.supervisor.leftovers import MARK

pytestmark = pytest.mark.process


def test_up_in_an_empty_folder_serves_everything_and_leaves_nothing_running(tmp_path):
    home = tmp_path / "home"

    with running_system(home) as system:
        with urllib.request.urlopen(f"{system.base_url}/readyz") as answer:
            parts = json.loads(answer.read())
            status = answer.status
        with urllib.request.urlopen(f"{system.base_url}/") as answer:
            page = answer.read().decode()

    assert status == 200, parts
    assert "<main" in page
    assert oct((home / "secrets" / "secret_key").stat().st_mode & 0o777) == "0o600"
    assert "Demo logins" in system.output.read_text()
    assert list_processes_of(home) == []


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """Without demo data, with two relays; each test leaves it running and ready."""
    home = tmp_path_factory.mktemp("up") / "home"
    with running_system(home, VMCRM_DEMO="0", VMCRM_RELAY_PROCESSES="2") as running:
        yield running


def test_up_twice_for_one_folder_refuses_with_a_sentence(system):
    environment = {**system.environment, "VMCRM_HTTP_PORT": str(find_free_port())}
    second, output = start_up(environment, output_name="second.out")
    code = second.wait(30)

    assert code != 0
    assert "already runs" in output.read_text()
    assert is_ready(system)


def test_up_on_a_taken_port_refuses_with_a_sentence(system, tmp_path):
    environment = make_environment(
        tmp_path / "two", VMCRM_HTTP_PORT=system.environment["VMCRM_HTTP_PORT"]
    )
    second, output = start_up(environment)
    code = second.wait(30)

    assert code != 0
    assert "VMCRM_HTTP_PORT" in output.read_text()
    assert is_ready(system)


def test_up_with_two_relays_starts_both_and_tells_the_web_their_doors(system):
    ready = read_relays(system)
    [web] = find_processes_of(system.home, "web_server")

    assert web.environ()["VMCRM_RELAY_URLS"].split(",") == [each["control"] for each in ready]
    assert ready[0]["media"] != ready[1]["media"]


@pytest.mark.parametrize(
    ("part", "word"), [("relay", "media_relay"), ("valkey", "valkey.sock"), ("web", "web_server")]
)
def test_part_that_is_killed_is_started_again(system, part, word):
    victim, *others = find_processes_of(system.home, word)

    victim.kill()

    wait_until(lambda: is_replaced(victim, others, find_processes_of(system.home, word)))
    wait_until(lambda: is_ready(system))
    # One relay is enough for the whole to be ready.
    wait_until(lambda: all(answers(relay["health"]) for relay in read_relays(system)))


def is_replaced(victim, others, now):
    return victim not in now and len(now) == len(others) + 1


def read_relays(system):
    """What each of the two said when it listened first; their doors stay the same."""
    logs = [system.home / "log" / f"{name}.log" for name in ("relay", "relay-2")]
    return [json.loads(next(filter(is_json, log.read_text().splitlines()))) for log in logs]


def is_json(line):
    return line.startswith("{")


def test_up_killed_in_each_step_of_its_way_goes_on_from_there(tmp_path):
    home, output = tmp_path / "home", tmp_path / "home" / "up.out"
    environment = make_environment(home)
    for has_come_to_the_step in (
        lambda: count_migrations(home) >= 10,
        lambda: "Database brought up to date." in output.read_text(),  # then the static files
        lambda: "Static files collected." in output.read_text(),  # then the demo data
        lambda: READY_LINE in output.read_text(),
    ):
        process, _output = start_up(environment)
        try:
            wait_until(has_come_to_the_step, within_s=90)
            time.sleep(0.3)
        finally:
            kill(process)

    with running_system(home) as system:
        assert is_ready(system)
        assert "Demo logins" in system.output.read_text()
    assert list_processes_of(home) == []


def count_migrations(home):
    try:
        with closing(sqlite3.connect(f"file:{home}/vmcrm.sqlite3?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM django_migrations").fetchone()[0]
    except sqlite3.OperationalError:  # not there yet
        return 0


@pytest.mark.long
def test_up_killed_at_ten_moments_is_ready_again(tmp_path):
    """The first kills fall into the first start (database, demo data), later ones into others."""
    home = tmp_path / "home"
    seeded = random.Random(20261123)
    environment = make_environment(home)
    for _ in range(10):
        process, _output = start_up(environment)
        time.sleep(seeded.uniform(0.3, 12))
        kill(process)
        process, output = start_up(environment)
        try:
            wait_until_ready(process, output, within_s=90)
            assert answers(f"http://localhost:{environment['VMCRM_HTTP_PORT']}/readyz")
        finally:
            kill(process)
    stop(process, home)

    assert list_processes_of(home) == []


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def is_ready(system):
    return answers(f"{system.base_url}/readyz")


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def list_processes_of(home):
    return [process for process in psutil.process_iter() if mark_of(process) == str(home)]


def find_processes_of(home, word):
    return [process for process in list_processes_of(home) if word in " ".join(process.cmdline())]


def mark_of(process):
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def wait_until(condition, *, within_s=30):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except psutil.Error:
            pass
        time.sleep(0.1)
    raise AssertionError("it did not come to pass")
