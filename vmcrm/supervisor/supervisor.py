"""Starts the parts, restarts what ends, and stops everything in order."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vmcrm.supervisor import readiness
from vmcrm.supervisor.process import Part, SupervisedProcess

TICK_S = 0.1
LOOK_EVERY_S = 1.0  # at signs of life and the length of logs


class Stopped(Exception):
    """Somebody asked the supervisor to stop (Ctrl-C or SIGTERM)."""


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turns SIGINT and SIGTERM into Stopped inside the block."""

    def _raise(_number: int, _frame: object) -> None:
        raise Stopped

    before = {number: signal.signal(number, _raise) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Supervisor:
    """The running parts of one system. `say` prints a line for the person at the terminal."""

    def __init__(self, *, log_folder: Path, say: Callable[[str], None]) -> None:
        self._log_folder = log_folder
        self._say = say
        self._processes: list[SupervisedProcess] = []
        self._looks_at = 0.0

    def start(self, parts: Sequence[Part]) -> None:
        for part in parts:
            process = SupervisedProcess(part, log_folder=self._log_folder)
            self._processes.append(process)
            process.start()

    def wait_until_ready(
        self, url: str, *, within_s: float, trusted_certificate: str | None = None
    ) -> readiness.Readiness:
        """Returns as soon as every part answers, else the last answer after `within_s` seconds."""
        deadline = time.monotonic() + within_s
        while True:
            self._look_after_processes()
            answer = readiness.ask(url, trusted_certificate=trusted_certificate)
            if answer.is_ready or time.monotonic() > deadline:
                return answer
            time.sleep(TICK_S)

    def run(self) -> None:
        """Keeps the parts running until Stopped is raised."""
        while True:
            self._look_after_processes()
            time.sleep(TICK_S)

    def stop(self) -> None:
        """Stops the parts, the last started first."""
        while self._processes:
            self._processes.pop().stop()

    def _look_after_processes(self) -> None:
        if time.monotonic() >= self._looks_at:
            self._look_closer()
            self._looks_at = time.monotonic() + LOOK_EVERY_S
        for process in self._processes:
            code = process.take_exit()
            if code is not None:
                self._say(
                    f"{process.part.name} ended (code {code}) and is started again; "
                    f"see {process.log_path}"
                )
            process.restart_when_due()

    def _look_closer(self) -> None:
        for process in self._processes:
            process.keep_log_short()
            silent_s = process.end_if_standing_still()
            if silent_s is not None:
                self._say(f"{process.part.name} gave no sign of life for {silent_s:.0f} s")
