"""The parts of a running system and the commands that start them."""

import socket
import sys
from collections.abc import Mapping

from django.conf import settings

from vmcrm.supervisor.process import Part

# Time a worker gets to finish what it is at; after that the row's lease runs out and another
# worker takes it up.
WORKER_STOPS_WITHIN_S = 6.0


def find_free_port() -> int:
    """A TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_port_taken(host: str, port: int) -> bool:
    """True when another program listens where the web server wants to."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def make_parts(environment: Mapping[str, str], *, tls_files: tuple[str, str] | None) -> list[Part]:
    """Relay, web, workers and beat, in the order in which they start (they stop in reverse)."""
    return [
        Part("relay", [sys.executable, "-m", "media_relay"], environment),
        _make_web(environment, tls_files),
        _make_worker("worker", queue="default", processes=2, environment=environment),
        _make_worker("analytics", queue="analytics", processes=1, environment=environment),
        Part(
            "beat",
            # Kept in memory: a schedule file can be damaged by a kill, and nothing depends on it.
            [*_celery("vmcrm.beat"), "beat", "--scheduler", "celery.beat:Scheduler"],
            # Beat needs the schedule only; without the name of settings Celery leaves Django out.
            {**environment, "DJANGO_SETTINGS_MODULE": ""},
        ),
    ]


def _make_web(environment: Mapping[str, str], tls_files: tuple[str, str] | None) -> Part:
    command = [
        sys.executable, "-m", "uvicorn", "vmcrm.asgi:application",
        "--host", settings.HTTP_HOST,
        "--port", str(settings.HTTP_PORT),
        "--lifespan", "off",
        "--ws-max-size", "65536",
        "--timeout-graceful-shutdown", "3",
        "--no-access-log",
        "--no-server-header",
    ]  # fmt: skip
    if tls_files:
        command += ["--ssl-certfile", tls_files[0], "--ssl-keyfile", tls_files[1]]
    return Part("web", command, environment)


def _make_worker(name: str, *, queue: str, processes: int, environment: Mapping[str, str]) -> Part:
    command = [
        *_celery("vmcrm"), "worker",
        "--queues", queue,
        "--concurrency", str(processes),
        "--hostname", f"{name}@%h",
        # The heartbeat stays: /readyz knows the worker by it.
        "--without-gossip", "--without-mingle",
        "--loglevel", settings.LOG_LEVEL,
    ]  # fmt: skip
    return Part(name, command, environment, stop_within_s=WORKER_STOPS_WITHIN_S)


def _celery(application: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app", application]
