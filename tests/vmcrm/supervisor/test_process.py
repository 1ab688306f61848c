"""One part: its log, its restarts and its end."""

import sys
import time

import psutil

from vmcrm.supervisor.process import Part, SupervisedProcess


def make(tmp_path, code: str, **fields: object) -> SupervisedProcess:
    part = Part("part", [sys.executable, "-c", code], **fields)  # type: ignore[arg-type]
    return SupervisedProcess(part, log_folder=tmp_path)


def wait_for_exit(process: SupervisedProcess) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        code = process.take_exit()
        if code is not None:
            return code
        time.sleep(0.01)
    raise AssertionError("the process did not end")


def test_process_that_ends_by_itself_reports_its_code_and_keeps_its_log(tmp_path):
    process = make(tmp_path, "print('hello'); raise SystemExit(3)")

    process.start()
    code = wait_for_exit(process)

    assert code == 3
    assert process.log_path.read_text() == "hello\n"


def test_process_that_ended_is_started_again(tmp_path):
    process = make(tmp_path, "print('hello')")
    process.start()
    wait_for_exit(process)

    has_started = process.restart_when_due()
    wait_for_exit(process)

    assert has_started
    assert process.log_path.read_text() == "hello\nhello\n"


def test_process_that_fails_again_waits_before_the_next_start(tmp_path):
    process = make(tmp_path, "raise SystemExit(1)")
    process.start()
    wait_for_exit(process)
    process.restart_when_due()
    wait_for_exit(process)

    assert process.restart_when_due() is False


def test_process_that_ignores_sigterm_is_killed_with_its_children(tmp_path):
    code = (
        "import signal, subprocess, sys, time; signal.signal(15, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    process = make(tmp_path, code, stop_within_s=0.5)
    process.start()
    deadline = time.monotonic() + 10
    while not process.log_path.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    child = int(process.log_path.read_text())

    process.stop()

    assert process.pid is None
    assert is_gone(child)


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False
