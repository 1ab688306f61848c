"""The parts of a running system and the commands that start them."""

import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from vmcrm import sign_of_life
from vmcrm.supervisor import valkey
from vmcrm.supervisor.process import Part

# Time a worker gets to finish what it is at; after that the row's lease runs out and another
# worker takes it up.
WORKER_STOPS_WITHIN_S = 6.0
RECONNECTS_WITHIN_S = 30.0


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
            [*_celery("vmcrm.beat"), "beat", "--scheduler", "vmcrm.beat:Scheduler"],
            # Beat needs the schedule only; without the name of settings Celery leaves Django out.
            {
                **environment,
                "DJANGO_SETTINGS_MODULE": "",
                **_name_sign(sign_of_life.VARIABLE, "beat"),
            },
            **_wait_for_broker("beat"),
        ),
    ]


def _make_relay(number: int, control_port: int, environment: Mapping[str, str]) -> Part:
    """The first has the plain name and folder, so that adding a second one changes nothing."""
    name = "relay" if number == 0 else f"relay-{number + 1}"
    folder = settings.RELAY_RECORDINGS_DIR
    own = {
        "VMCRM_RELAY_NAME": f"relay-{number + 1}",
        **_name_sign("VMCRM_RELAY_SIGN_OF_LIFE", name),
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
    return Part(
        name,
        [sys.executable, "-m", "media_relay"],
        {**environment, **own},
        **_watch(name),
    )


def _make_web(environment: Mapping[str, str], tls_files: tuple[str, str] | None) -> Part:
    command = [
        sys.executable,
        "-m",
        "vmcrm.web_server",
        *(("--tls", *tls_files) if tls_files else ()),
    ]
    own = _name_sign(sign_of_life.VARIABLE, "web")
    return Part("web", command, {**environment, **own}, **_watch("web"))


def _make_worker(name: str, *, queue: str, processes: int, environment: Mapping[str, str]) -> Part:
    command = [
        *_celery("vmcrm"), "worker",
        "--queues", queue,
        "--concurrency", str(processes),
        "--hostname", f"{name}@%h",
        # The heartbeat stays: /readyz and the supervisor know the worker by it.
        "--without-gossip", "--without-mingle",
        "--loglevel", settings.LOG_LEVEL,
    ]  # fmt: skip
    own = _name_sign(sign_of_life.VARIABLE, name)
    return Part(
        name,
        command,
        {**environment, **own},
        stop_within_s=WORKER_STOPS_WITHIN_S,
        **_wait_for_broker(name),
    )


def _sign_file(name: str) -> Path:
    return Path(settings.HOME) / "run" / f"{name}.alive"


def _name_sign(variable: str, name: str) -> dict[str, str]:
    return {variable: str(_sign_file(name))}


def _read_sign(name: str) -> int | None:
    """When the part touched its file last."""
    try:
        return _sign_file(name).stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _are_signs_lost() -> bool:
    """Whether nobody can touch a file there just now, as on a disk that is read-only: then silence
    says nothing."""
    try:
        _sign_file("supervisor").touch()
    except OSError:
        return True
    return False


def _watch(name: str) -> dict[str, Any]:
    return {"read_sign": partial(_read_sign, name), "is_excused": _are_signs_lost}


def _wait_for_broker(name: str) -> dict[str, Any]:
    """How workers and beat are watched: they are silent while their broker is away, and for a
    while after, as they come back in growing steps."""
    return {
        **_watch(name),
        "silent_within_s": RECONNECTS_WITHIN_S,
        "is_excused": lambda: _are_signs_lost() or not valkey.is_answering(),
    }


def _celery(application: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app", application]
