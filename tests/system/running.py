"""Starts `manage.py up` in a folder of its own and ends it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vmcrm.supervisor.leftovers import end_leftovers

ROOT = Path(__file__).resolve().parent.parent.parent
READY_LINE = "vmcrm is ready"


@dataclass(frozen=True)
class RunningSystem:
    """A system that said it is ready."""

    base_url: str
    home: Path
    process: subprocess.Popen[bytes]
    output: Path
    environment: dict[str, str]

    def manage(self, *arguments: str, is_checked: bool = True) -> str:
        """Runs a manage.py command against this system; its standard output."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert result.returncode == 0 or not is_checked, result.stderr
        return result.stdout


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_environment(home: Path, **variables: str) -> dict[str, str]:
    """The caller's environment without settings of ours, plus folder, port and `variables`."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("VMCRM_") and key not in {"DATABASE_URL", "REDIS_URL"}
    }
    return {
        **environment,
        "VMCRM_HOME": str(home),
        "VMCRM_HTTP_PORT": str(find_free_port()),
        **variables,
    }


def start_up(
    environment: dict[str, str], *, output_name: str = "up.out"
) -> tuple[subprocess.Popen[bytes], Path]:
    """Starts the supervisor; returns at once with its process and the file it writes to."""
    home = Path(environment["VMCRM_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    output = home / output_name
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return process, output


def wait_until_ready(process: subprocess.Popen[bytes], output: Path, *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while READY_LINE not in output.read_text():
        assert process.poll() is None, f"it ended: {output.read_text()}"
        assert time.monotonic() < deadline, f"not ready: {output.read_text()}"
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes], home: Path) -> None:
    """Ctrl-C, and whatever a kill has left."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_leftovers(home)


@contextmanager
def running_system(home: Path, **variables: str) -> Iterator[RunningSystem]:
    environment = make_environment(home, **variables)
    process, output = start_up(environment)
    try:
        wait_until_ready(process, output, within_s=120)
        yield RunningSystem(
            base_url=f"http://localhost:{environment['VMCRM_HTTP_PORT']}",
            home=home,
            process=process,
            output=output,
            environment=environment,
        )
    finally:
        stop(process, home)
