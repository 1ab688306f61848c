"""One supervised process: started in a group of its own, restarted with a growing pause, ended."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Pauses before a part that ended by itself is started again, in seconds; the last one repeats.
RESTART_PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0)
# A part that ran this long has proved itself: its next restart is immediate again.
STEADY_AFTER_S = 30.0
LOG_LIMIT_BYTES = 5_000_000
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Part:
    """What to run: its name on screen and in the log folder, its command, and how long it may
    take to stop (seconds) before it is killed."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_within_s: float = 5.0


def _die_with_parent() -> None:
    """On Linux the kernel ends the child when the supervisor is killed and cannot do it itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class SupervisedProcess:
    """A part and its running process."""

    def __init__(self, part: Part, *, log_folder: Path) -> None:
        self.part = part
        self._log_path = log_folder / f"{part.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._failures = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def log_path(self) -> Path:
        return self._log_path

    def start(self) -> None:
        """Starts the process; its output goes to the part's log file."""
        if self._log_path.exists() and self._log_path.stat().st_size > LOG_LIMIT_BYTES:
            self._log_path.replace(self._log_path.with_suffix(".log.1"))
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own parts, no shell
                list(self.part.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.part.environment},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self._started_at = time.monotonic()

    def take_exit(self) -> int | None:
        """The exit code when the process has ended since the last call, and plans its restart."""
        if self._process is None:
            return None
        code = self._process.poll()
        if code is None:
            return None
        self._end_group(signal.SIGKILL)
        if time.monotonic() - self._started_at > STEADY_AFTER_S:
            self._failures = 0
        pause = RESTART_PAUSES_S[min(self._failures, len(RESTART_PAUSES_S) - 1)]
        self._failures += 1
        self._start_again_at = time.monotonic() + pause
        self._process = None
        return code

    def restart_when_due(self) -> bool:
        """Starts an ended process whose pause is over; says whether it did."""
        if self._process is not None or time.monotonic() < self._start_again_at:
            return False
        self.start()
        return True

    def stop(self) -> None:
        """SIGTERM, then SIGKILL when the part does not stop in its time."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(self.part.stop_within_s)
        except subprocess.TimeoutExpired:
            self._end_group(signal.SIGKILL)
            self._process.wait()
        self._end_group(signal.SIGKILL)
        self._process = None

    def _end_group(self, number: signal.Signals) -> None:
        """Reaches what the process left behind, such as the pool of a worker that was killed."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
