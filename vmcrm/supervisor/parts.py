"""The parts of a running system and the commands that start them."""

import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from django.conf import settings

from vmcrm.supervisor.process import Part

# Time a worker gets to finish what it is at; after that the row's lease runs out and another
# worker takes it up.
WORKER_STOPS_WITHIN_S = 6.0


def find_free_ports(count: int) -> list[int]:
    """Different TCP ports of the loopback interface that are free now."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def is_port_taken(host: str, port: int) -> bool:
    """True when another program listens where the web server wants to."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def make_parts(
    environment: Mapping[str, str],
    *,
    relay_ports: Sequence[int],
    tls_files: tuple[str, str] | None,
) -> list[Part]:
    """Relays, web, workers and beat, in the order in which they start (they stop in reverse)."""
    return [
        *(_make_relay(number, port, environment) for number, port in enumerate(relay_ports)),
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


def _make_relay(number: int, control_port: int, environment: Mapping[str, str]) -> Part:
    """The first has the plain name and folder, so that adding a second one changes nothing."""
    name = "relay" if number == 0 else f"relay-{number + 1}"
    folder = settings.RELAY_RECORDINGS_DIR
    own = {
        "VMCRM_RELAY_NAME": f"relay-{number + 1}",
        "VMCRM_RELAY_CONTROL_PORT": str(control_port),
        "VMCRM_RELAY_UDP_PORT": str(settings.RELAY_UDP_PORT and settings.RELAY_UDP_PORT + number),
        "VMCRM_RELAY_TCP_PORT": str(
            settings.RELAY_TCP_PORT + number
            if settings.RELAY_TCP_PORT > 0
            else settings.RELAY_TCP_PORT
        ),
        # What lies in its folder at the start, a relay takes for its own and closes.
        "VMCRM_RELAY_RECORDINGS_DIR": folder if number == 0 else f"{folder}-{number + 1}",
    }
    return Part(name, [sys.executable, "-m", "media_relay"], {**environment, **own})


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
