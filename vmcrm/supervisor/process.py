"""One supervised process: started in a group of its own, restarted with a growing pause, ended."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from vmcrm.supervisor.pulse import SILENT_WITHIN_S, Pulse

# Pauses before a part that ended by itself is started again, in seconds; the last one repeats.
RESTART_PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0)
# A part that ran this long has proved itself: its next restart is immediate again.
STEADY_AFTER_S = 30.0
# A log above this goes to `<name>.log.1`; so a part never has more than about twice as much.
LOG_LIMIT_BYTES = 5_000_000
# After SIGKILL. Only the kernel can hold a process longer, and the other parts want looking after.
ENDS_WITHIN_S = 1.0
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Part:
    """What to run: its name on screen and in the log folder, its command, how long it may take to
    stop (seconds) before it is killed, and how one sees that it lives.

    `read_sign` gives something that changes while the part lives; when it has not changed for
    `silent_within_s` and `is_excused` does not say that the cause lies elsewhere, the part stands
    still and is started again.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_within_s: float = 5.0
    read_sign: Callable[[], object] | None = None
    silent_within_s: float = SILENT_WITHIN_S
    is_excused: Callable[[], bool] = lambda: False


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
        self._pulse = Pulse(part.silent_within_s)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def log_path(self) -> Path:
        return self._log_path

    def start(self) -> None:
        """Starts the process; its output goes to the part's log file."""
        self.keep_log_short()
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
        self._pulse = Pulse(self.part.silent_within_s)

    def keep_log_short(self) -> None:
        """Sets a long log aside, while the process goes on writing to it.

        The process holds the file open to append: what is copied is cut off, and it writes on at
        the new end. A line that falls between copy and cut is lost; a pipe would lose none, but
        a supervisor that stands still would stop every part that writes.
        """
        with contextlib.suppress(OSError):
            if self._log_path.stat().st_size <= LOG_LIMIT_BYTES:
                return
            try:
                shutil.copyfile(self._log_path, self._log_path.with_suffix(".log.1"))
            finally:  # also when the disk is too full for the copy: then most of all
                os.truncate(self._log_path, 0)

    def end_if_standing_still(self) -> float | None:
        """Kills a process that gives no sign of life any more; says for how long (seconds)."""
        read_sign = self.part.read_sign
        if self._process is None or read_sign is None:
            return None
        now_s, processor_s = time.monotonic(), _read_processor_s(self._process.pid)
        if not self._pulse.look(read_sign(), now_s=now_s, processor_s=processor_s):
            return None
        silent_s = self._pulse.silent_s
        if self.part.is_excused():
            self._pulse.excuse()
            return None
        self._end_group(signal.SIGKILL)  # it would not hear a SIGTERM
        with contextlib.suppress(subprocess.TimeoutExpired):  # held by a disk that hangs: later
            self._process.wait(ENDS_WITHIN_S)
        return silent_s

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


def _read_processor_s(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:  # it has ended: that is noticed elsewhere
        return 0.0
    return float(times.user + times.system)
