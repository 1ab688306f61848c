"""`manage.py up`: from a folder to a running system, and back with Ctrl-C."""

import fcntl
import os
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from vmcrm import env
from vmcrm.broker_urls import find_socket_path
from vmcrm.demo.access import describe_access
from vmcrm.demo.loading import keep_a_door_open
from vmcrm.descriptors import raise_limit
from vmcrm.setup_link import describe_first_run
from vmcrm.supervisor import leftovers, preparation, tls, valkey
from vmcrm.supervisor.parts import find_free_ports, is_port_taken, make_parts
from vmcrm.supervisor.supervisor import Stopped, Supervisor, stop_on_signals

READY_WITHIN_S = 60.0


class Command(BaseCommand):
    help = (
        "Prepares everything, starts web, relay, workers, beat and Valkey, and keeps them running."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-demo",
            action="store_true",
            default=not env.read_bool("DEMO", default=True),
            help="Start with an empty system instead of the demo company.",
        )

    def handle(self, *_args: Any, no_demo: bool, **_options: Any) -> None:
        home = settings.HOME
        raise_limit()  # the parts inherit it
        preparation.make_folders(home)
        with ExitStack() as stack:
            lock = stack.enter_context((home / "run" / "up.lock").open("w"))
            self._take_lock(lock.fileno())
            if leftovers.end_leftovers(home):
                self._say("Ended what an earlier start had left running.")
            if is_port_taken(settings.HTTP_HOST, settings.HTTP_PORT):
                raise CommandError(
                    f"Port {settings.HTTP_PORT} is taken by another program. "
                    "Choose another one: VMCRM_HTTP_PORT=8080 make run"
                )
            supervisor = Supervisor(log_folder=home / "log", say=self._say)
            stack.callback(supervisor.stop)
            stack.enter_context(stop_on_signals())
            try:
                self._start(supervisor, with_demo=not no_demo)
                supervisor.run()
            except Stopped:
                self._say("Stopping.")

    def _start(self, supervisor: Supervisor, *, with_demo: bool) -> None:
        relay_ports = self._choose_relay_ports()
        environment = self._make_environment(relay_ports)
        if not os.environ.get("REDIS_URL"):
            self._start_valkey(supervisor, environment)
        if preparation.compile_translations():
            self._say("Translations compiled.")
        if preparation.migrate_database():
            self._say("Database brought up to date.")
        if preparation.collect_static_files(settings.HOME):
            self._say("Static files collected.")
        if with_demo:
            call_command("seed_demo", if_empty=True, stdout=self.stdout)
            keep_a_door_open()
        tls_files = self._ensure_tls()
        supervisor.start(make_parts(environment, relay_ports=relay_ports, tls_files=tls_files))
        answer = supervisor.wait_until_ready(
            f"{settings.BASE_URL}/readyz",
            within_s=READY_WITHIN_S,
            trusted_certificate=tls_files[0] if tls_files else None,
        )
        if not answer.is_ready:
            raise CommandError(
                f"Not everything answers after {READY_WITHIN_S:.0f} seconds: {answer.report}. "
                f"The logs are in {settings.HOME / 'log'}."
            )
        self._greet()

    def _make_environment(self, relay_ports: list[int]) -> dict[str, str]:
        environment = {
            leftovers.MARK: str(settings.HOME),
            "VMCRM_HOME": str(settings.HOME),
            "VMCRM_RELAY_SECRET": settings.RELAY_SECRET,
            "VMCRM_RELAY_UDP_PORT": str(settings.RELAY_UDP_PORT),
            "VMCRM_RELAY_TCP_PORT": str(settings.RELAY_TCP_PORT),
            "VMCRM_RELAY_ADVERTISED_IPS": ",".join(settings.RELAY_ADVERTISED_IPS),
            "VMCRM_RELAY_RECORDINGS_DIR": settings.RELAY_RECORDINGS_DIR,
            "PYTHONUNBUFFERED": "1",
        }
        if not os.environ.get("VMCRM_RELAY_URLS"):
            environment["VMCRM_RELAY_URLS"] = ",".join(
                f"ws://{settings.RELAY_CONTROL_HOST}:{port}/control" for port in relay_ports
            )
        return environment

    def _choose_relay_ports(self) -> list[int]:
        """Two systems on one machine must not want the same door unless somebody says so."""
        if not os.environ.get("VMCRM_RELAY_CONTROL_PORT"):
            return find_free_ports(settings.RELAY_PROCESSES)
        first = settings.RELAY_CONTROL_PORT
        return list(range(first, first + settings.RELAY_PROCESSES))

    def _start_valkey(self, supervisor: Supervisor, environment: dict[str, str]) -> None:
        path = find_socket_path(settings.HOME)
        part = valkey.make_part(path, working_folder=settings.HOME / "run", environment=environment)
        supervisor.start([part])
        if not valkey.wait_until_answering(path, within_s=10):
            raise CommandError(
                f"Valkey does not answer; see {settings.HOME / 'log' / 'valkey.log'}."
            )

    def _ensure_tls(self) -> tuple[str, str] | None:
        if not settings.LOCAL_NETWORK:
            return None
        return tls.ensure_certificate(settings.HOME / "tls", settings.LAN_ADDRESS)

    def _take_lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(
                f"vmcrm already runs for {settings.HOME}. Stop it first, or name another folder "
                "in VMCRM_HOME and another port in VMCRM_HTTP_PORT."
            ) from error

    def _greet(self) -> None:
        ready = f"\nvmcrm is ready: {settings.BASE_URL}/  (Ctrl-C stops it)"
        self._say("\n".join([ready, *describe_access(), *describe_first_run()]))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
