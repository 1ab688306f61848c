"""One part: its log, its restarts and its end."""

import os
import sys
import time

import psutil

from tests.processes import wait_until
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


def test_log_of_a_running_process_is_set_aside_when_it_is_long(tmp_path, monkeypatch):
    monkeypatch.setattr("vmcrm.supervisor.process.LOG_LIMIT_BYTES", 10)
    code = "import sys; [print(line.strip(), flush=True) for line in sys.stdin]"
    process = make(
        tmp_path, f"import os, sys; sys.stdin = open({str(tmp_path / 'said')!r}); {code}"
    )
    os.mkfifo(tmp_path / "said")
    process.start()
    with (tmp_path / "said").open("w", buffering=1) as said:
        for line in ("the first words", "the second words"):
            said.write(f"{line}\n")
            wait_until(lambda line=line: line in process.log_path.read_text())
            process.keep_log_short()
        said.write("short\n")
        wait_until(lambda: process.log_path.read_text() == "short\n")
        process.keep_log_short()
    wait_for_exit(process)

    assert process.log_path.read_text() == "short\n"
    assert process.log_path.with_suffix(".log.1").read_text() == "the second words\n"


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


def test_long_log_that_cannot_be_set_aside_is_cut_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("vmcrm.supervisor.process.LOG_LIMIT_BYTES", 10)
    process = make(tmp_path, "")
    process.log_path.write_text("longer than it may be")
    process.log_path.with_suffix(".log.1").mkdir()  # as good as a full disk

    process.keep_log_short()

    assert process.log_path.read_text() == ""


def test_process_that_stands_still_is_killed_and_started_again(tmp_path):
    signs = iter([1, 2])
    process = make(
        tmp_path,
        "import time; time.sleep(60)",
        read_sign=lambda: next(signs, 2),
        silent_within_s=0.0,
    )
    process.start()
    assert [process.end_if_standing_still() for _ in range(2)] == [None, None]
    wait_until(lambda: process.end_if_standing_still() is not None)

    assert process.take_exit() == -9
    assert process.restart_when_due()
    assert process.end_if_standing_still() is None  # the new one has time to begin
    process.stop()


def test_process_whose_silence_is_excused_goes_on(tmp_path):
    signs = iter([1, 2])
    process = make(
        tmp_path,
        "import time; time.sleep(60)",
        read_sign=lambda: next(signs, 2),
        silent_within_s=0.0,
        is_excused=lambda: True,
    )
    process.start()

    assert [process.end_if_standing_still() for _ in range(4)] == [None] * 4
    assert process.take_exit() is None
    process.stop()
