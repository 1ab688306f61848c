"""`manage.py up`: from nothing to ready, again from where it was, and after being killed."""

import json
import random
import signal
import time
import urllib.request

import psutil
import pytest

from tests.system.running import (
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


def test_up_twice_for_one_folder_refuses_with_a_sentence(tmp_path):
    with running_system(tmp_path / "home", VMCRM_DEMO="0") as system:
        second, output = start_up({**system.environment, "VMCRM_HTTP_PORT": str(find_free_port())})
        code = second.wait(30)

    assert code != 0
    assert "already runs" in output.read_text()


def test_up_on_a_taken_port_refuses_with_a_sentence(tmp_path):
    with running_system(tmp_path / "one", VMCRM_DEMO="0") as system:
        environment = make_environment(
            tmp_path / "two", VMCRM_HTTP_PORT=system.environment["VMCRM_HTTP_PORT"]
        )
        second, output = start_up(environment)
        code = second.wait(30)

    assert code != 0
    assert "VMCRM_HTTP_PORT" in output.read_text()


def test_up_with_two_relays_starts_both_and_tells_the_web_their_doors(tmp_path):
    with running_system(tmp_path / "home", VMCRM_DEMO="0", VMCRM_RELAY_PROCESSES="2") as system:
        logs = [system.home / "log" / f"{name}.log" for name in ("relay", "relay-2")]
        ready = [json.loads(log.read_text().splitlines()[0]) for log in logs]
        web = find_process_of(system.home, "uvicorn").environ()

    assert web["VMCRM_RELAY_URLS"].split(",") == [each["control"] for each in ready]
    assert ready[0]["media"] != ready[1]["media"]


@pytest.mark.parametrize("part", ["relay", "valkey", "web"])
def test_part_that_is_killed_is_started_again(tmp_path, part):
    words = {"relay": "media_relay", "valkey": "valkey.sock", "web": "uvicorn"}
    with running_system(tmp_path / "home", VMCRM_DEMO="0") as system:
        victim = find_process_of(system.home, words[part])

        victim.kill()

        wait_until(lambda: find_process_of(system.home, words[part]) not in {None, victim})
        wait_until(lambda: is_ready(system.base_url))


def test_up_killed_at_three_moments_is_ready_again(tmp_path):
    kill_and_start_again(tmp_path / "home", moments=3)


@pytest.mark.long
def test_up_killed_at_ten_moments_is_ready_again(tmp_path):
    kill_and_start_again(tmp_path / "home", moments=10)


def kill_and_start_again(home, *, moments):
    """The first kills fall into the first start (database, demo data), later ones into others."""
    seeded = random.Random(20261123)
    environment = make_environment(home)
    for _ in range(moments):
        process, _output = start_up(environment)
        time.sleep(seeded.uniform(0.3, 12))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process, output = start_up(environment)
        try:
            wait_until_ready(process, output, within_s=90)
            assert is_ready(f"http://localhost:{environment['VMCRM_HTTP_PORT']}")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    stop(process, home)

    assert list_processes_of(home) == []


def is_ready(base_url):
    try:
        with urllib.request.urlopen(f"{base_url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def list_processes_of(home):
    return [process for process in psutil.process_iter() if mark_of(process) == str(home)]


def find_process_of(home, word):
    found = [process for process in list_processes_of(home) if word in " ".join(process.cmdline())]
    return found[0] if found else None


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
