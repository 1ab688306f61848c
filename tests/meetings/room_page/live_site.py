"""The whole system as processes (web, relay, Valkey) with its static files as in production."""

import itertools
import json
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.processes import Home, Process, start_valkey, wait_until

SECRET = "a secret for tests only"

PLANTING = """
import json, sys
from datetime import timedelta
from django.test import Client
from django.utils import timezone
from meetings.services import access, tokens
from tests.factories.meetings import make_guest, make_meeting
from tests.people import make_user

wish = json.loads({wish!r})
now = timezone.now()
meeting = make_meeting(
    make_user(wish["host"], "sales"),
    kind=wish["kind"], title=wish["title"], has_lobby=wish["has_lobby"],
    starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1),
)
client = Client()
client.force_login(meeting.host)
seats = [
    make_guest(meeting, name=name, email=f"guest{{number}}@{{meeting.join_code}}.example")
    for number, name in enumerate(wish["guests"])
]
print(json.dumps({{
    "path": f"/meetings/{{meeting.public_id}}/room/",
    "host_name": meeting.host.name,
    "host_session": client.cookies["sessionid"].value,
    "guests": {{
        seat.display_name: {{
            "seat": str(seat.public_id),
            "name": access.cookie_name(meeting),
            "value": tokens.seat_cookie_value(seat.registration),
        }}
        for seat in seats
    }},
}}))
"""


@dataclass
class Planted:
    """A meeting that is on now, with the keys of everybody who may enter."""

    url: str
    host_name: str
    host_session: str
    guests: dict[str, dict[str, str]]


@dataclass
class Site:
    home: Home
    base: str
    relay: Process
    second_relay: Process | None = None
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
        answer = json.loads(self.home.run_code(PLANTING.format(wish=json.dumps(wish))))
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

    def start_relay(self) -> None:
        self.relay = Process("relay", [sys.executable, "-m", "media_relay"], self.home)

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
def running_site(*, has_second_relay: bool = False) -> Iterator[Site]:
    http_port, control_port, second_port = find_free_ports(3)
    with tempfile.TemporaryDirectory(prefix="vmcrm-", ignore_cleanup_errors=True) as folder:
        path = Path(folder)
        (path / "run").mkdir(mode=0o700)
        base = f"http://localhost:{http_port}"
        home = Home(
            path,
            {
                "VMCRM_BASE_URL": base,
                "VMCRM_HTTP_PORT": str(http_port),
                "VMCRM_RELAY_CONTROL_PORT": str(control_port),
                "VMCRM_RELAY_SECRET": SECRET,
            },
        )
        if has_second_relay:
            home.variables["VMCRM_RELAY_URLS"] = ",".join(
                f"ws://127.0.0.1:{port}/control" for port in (control_port, second_port)
            )
        try:
            site = _start(home, base, http_port)
            if has_second_relay:
                command = [sys.executable, "-m", "media_relay", "--control-port", str(second_port)]
                site.second_relay = Process("relay-2", command, home)
            yield site
        finally:
            home.stop_all()


def _start(home: Home, base: str, http_port: int) -> Site:
    start_valkey(home)
    home.manage("migrate", "-v0")
    home.manage("collectstatic", "--no-input", "-v0")
    site = Site(home, base, Process("relay", [sys.executable, "-m", "media_relay"], home))
    web = Process(
        "web",
        [
            *(sys.executable, "-m", "uvicorn", "vmcrm.asgi:application"),
            *("--host", "127.0.0.1", "--port", str(http_port), "--lifespan", "off"),
            *("--ws-max-size", "65536", "--timeout-graceful-shutdown", "3"),
        ],
        home,
    )
    wait_until(lambda: _answers(f"{base}/join/"), timeout_s=60, process=web)
    return site


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
