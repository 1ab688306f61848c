"""What a killed supervisor left running is found by its mark, and nothing else is touched."""

import os
import subprocess
import sys
import time

import psutil

from vmcrm.supervisor.leftovers import MARK, end_leftovers


def start_sleeper(mark: str | None) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if key != MARK}
    if mark is not None:
        environment[MARK] = mark
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)"],
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def end(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_end_leftovers_ends_marked_processes_of_this_folder_only(tmp_path):
    ours, theirs, strangers = (
        start_sleeper(str(tmp_path)),
        start_sleeper(str(tmp_path / "other")),
        start_sleeper(None),
    )

    count = end_leftovers(tmp_path)

    assert count == 1
    assert ours.wait(5) is not None
    assert theirs.poll() is None
    assert strangers.poll() is None
    end(ours, theirs, strangers)


def test_end_leftovers_with_a_process_that_ignores_sigterm_kills_it(tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True);"
            "time.sleep(60)",
        ],
        env={**os.environ, MARK: str(tmp_path)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()

    started = time.monotonic()
    end_leftovers(tmp_path)

    assert not psutil.pid_exists(process.pid) or process.poll() is not None
    assert time.monotonic() - started < 10
    end(process)
