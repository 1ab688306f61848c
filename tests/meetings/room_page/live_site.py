"""The whole system as processes (web, relay, Valkey) with its static files as in production."""

import itertools
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser_driver import Driver, Tab
from tests.processes import ROOT, Home, Process, running_home, start_valkey, wait_until

SECRET = "a secret for tests only"


@dataclass
class Planted:
    """A meeting that is on now, with the keys of everybody who may enter."""

    url: str
    host_name: str
    host_session: str
    guests: dict[str, dict[str, str]]


class Planter:
    """Plants meeting after meeting, without a new start of Django for each."""

    def __init__(self, home: Home) -> None:
        self._log = home.path / "planter.log"
        code = "from tests.meetings.room_page import planting; planting.fulfil_wishes()"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "shell", "--no-imports", "-v0", "-c", code],
                cwd=ROOT,
                env=home.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(wish), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, self._log.read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        """It ends by itself when there is nothing more to wish for."""
        try:
            self._process.communicate(timeout=10)
        finally:
            self._process.kill()


@dataclass
class Site:
    home: Home
    base: str
    relay: Process
    web: Process
    second_relay: Process | None = None
    planter: Planter | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def plant(
        self,
        *guests: str,
        kind: str = "partner",
        title: str = "Spring partner round",
        has_lobby: bool = False,
    ) -> Planted:
        wish = {
            "kind": kind,
            "title": title,
            "has_lobby": has_lobby,
            "host": f"Host {next(self._numbers)}",
            "guests": guests,
        }
        self.planter = self.planter or Planter(self.home)
        answer = self.planter.ask(wish)
        return Planted(
            self.base + answer["path"],
            answer["host_name"],
            answer["host_session"],
            answer["guests"],
        )

    def enter_as_guest(self, browser: Browser, meeting: Planted, name: str, **options: Any) -> Page:
        """The room's page with this guest's seat, before the click on Join."""
        context = browser.new_context(**options)
        cookie = meeting.guests[name]
        context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": self.base}])
        return self._open(context, meeting)

    def enter_as_host(self, browser: Browser, meeting: Planted, **options: Any) -> Page:
        context = browser.new_context(**options)
        context.add_cookies(
            [{"name": "sessionid", "value": meeting.host_session, "url": self.base}]
        )
        return self._open(context, meeting)

    def drive_guest(self, browser: Driver, meeting: Planted, name: str, *, script: str) -> Tab:
        """As `enter_as_guest`, in a browser that Playwright does not drive."""
        cookie = {key: meeting.guests[name][key] for key in ("name", "value")}
        return browser.open(
            meeting.url, cookies=[{**cookie, "domain": "localhost", "path": "/"}], script=script
        )

    def start_relay(self, *options: str) -> None:
        self.relay = Process("relay", [sys.executable, "-m", "media_relay", *options], self.home)

    def _open(self, context: BrowserContext, meeting: Planted) -> Page:
        page = context.new_page()
        page.goto(meeting.url)
        return page


def find_free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, each one another."""
    with_sockets = [socket.socket() for _ in range(count)]
    try:
        for one in with_sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in with_sockets]
    finally:
        for one in with_sockets:
            one.close()


@contextmanager
def running_site(site_home: Path, *, has_second_relay: bool = False) -> Iterator[Site]:
    """A site in a copy of `site_home`."""
    http_port, control_port, second_port = find_free_ports(3)
    base = f"http://localhost:{http_port}"
    with running_home(site_home) as home:
        home.variables |= {
            "VMCRM_BASE_URL": base,
            "VMCRM_HTTP_PORT": str(http_port),
            "VMCRM_RELAY_CONTROL_PORT": str(control_port),
            "VMCRM_RELAY_SECRET": SECRET,
        }
        if has_second_relay:
            home.variables["VMCRM_RELAY_URLS"] = ",".join(
                f"ws://127.0.0.1:{port}/control" for port in (control_port, second_port)
            )
        site = _start(home, base, http_port)
        if has_second_relay:
            command = [sys.executable, "-m", "media_relay", "--control-port", str(second_port)]
            site.second_relay = Process("relay-2", command, home)
        try:
            yield site
        finally:
            if site.planter is not None:
                site.planter.stop()


def _start(home: Home, base: str, http_port: int) -> Site:
    start_valkey(home)
    relay = Process("relay", [sys.executable, "-m", "media_relay"], home)
    web = Process(
        "web",
        [sys.executable, "-m", "vmcrm.web_server", "--port", str(http_port)],
        home,
    )
    wait_until(lambda: _answers(f"{base}/join/"), timeout_s=60, process=web)
    return Site(home, base, relay, web)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
