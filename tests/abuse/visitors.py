"""Visitors of the running system without a browser, and the rooms that they come for."""

import contextlib
import email
import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email import policy
from http.cookiejar import CookieJar
from urllib.parse import urlencode

import psutil
from redis import Redis

from tests.processes import wait_until
from tests.system.running import RunningSystem

FURNISH = """
import json
from django.utils import timezone
from tests.meetings.live.conftest import furnish
from tests.meetings.live.rooms import guest_cookie, make_meeting
meeting, host_cookie, guest, other = furnish(visibility="public")
hidden = make_meeting(visibility="invitation")
print(json.dumps({"meeting": str(meeting.public_id), "host": host_cookie, "code": meeting.join_code,
                  "guest": guest_cookie(guest), "hidden": str(hidden.public_id)}))
"""
PLAN = """
from datetime import timedelta
from django.utils import timezone
from crm.models import User
from meetings.services import planning
start = timezone.now() + timedelta(days=1)
host = User.objects.get(email="anna@lumen.example")
meeting = planning.new_meeting(
    kind="launch", title="Case", host=host, starts_at=start, ends_at=start + timedelta(hours=1),
    time_zone="Europe/Berlin", visibility="public", capacity={capacity},
)
print(planning.plan(planned_by=host, meeting=meeting).get_absolute_url())
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    took_s: float


class Visitor:
    """Keeps cookies, fills in forms with their token, follows no redirect."""

    def __init__(self, system: RunningSystem, *, language: str = "en") -> None:
        self.base_url = system.base_url
        self._language = language
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._jar), _Unfollowing()
        )

    def get(self, path: str) -> Answer:
        return self._open(urllib.request.Request(self.base_url + path))

    def post(self, path: str, **fields: str) -> Answer:
        """Open the page first unless this visitor has the token already."""
        if not self._token():
            self.get(path)
        values = {"csrfmiddlewaretoken": self._token(), **fields}
        return self._open(
            urllib.request.Request(self.base_url + path, data=urlencode(values).encode())
        )

    def _token(self) -> str:
        return next((str(c.value) for c in self._jar if c.name == "csrftoken"), "")

    def _open(self, request: urllib.request.Request) -> Answer:
        request.add_header("Accept-Language", self._language)
        began_at = time.monotonic()
        try:
            with self._opener.open(request, timeout=60) as answer:
                return _read(answer, began_at)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error, began_at)


class _Unfollowing(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:
        return None


def _read(answer: http.client.HTTPResponse | urllib.error.HTTPError, began_at: float) -> Answer:
    text = answer.read().decode()
    assert answer.status is not None
    return Answer(answer.status, dict(answer.headers), text, time.monotonic() - began_at)


def without_marks(text: str, *own: str) -> str:
    """The page without what differs at each request: tokens of forms, and the words in `own`."""
    for word in own:
        text = text.replace(word, "...")
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1...", text)


def find_part(system: RunningSystem, *words: str) -> psutil.Process:
    """The process of the system whose command holds all `words`."""
    found = look_for_part(system, *words)
    assert found, f"no process of the system has {words} in its command"
    return found


def look_for_part(system: RunningSystem, *words: str) -> psutil.Process | None:
    """As `find_part`, but a part that does not run just now is no mistake."""
    for process in psutil.Process(system.process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended while we looked
            command = " ".join(process.cmdline())
            if all(word in command for word in words):
                return process
    return None


def forget_limits(system: RunningSystem) -> None:
    """Tries of other cases do not count here."""
    with Redis(unix_socket_path=str(system.home / "run" / "valkey.sock"), db=1) as cache:
        for key in cache.scan_iter("*"):
            if b"heartbeat" not in key:
                cache.delete(key)


def furnish(system: RunningSystem) -> dict[str, str]:
    """A public meeting with a host and a guest, and one by invitation only."""
    found: dict[str, str] = json.loads(
        system.manage("shell", "--no-imports", "-v0", "-c", FURNISH).strip().splitlines()[-1]
    )
    return found


def plan_meeting(system: RunningSystem, *, capacity: int = 100) -> str:
    """The path of a public meeting tomorrow."""
    code = PLAN.format(capacity=capacity)
    return system.manage("shell", "--no-imports", "-v0", "-c", code).split()[-1]


def read_mail(system: RunningSystem, *, to: str) -> str:
    """The text of the mail to that address, waited for."""

    def find() -> str:
        for path in (system.home / "mail").glob("*.eml"):
            mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
            if mail["To"] == to and (part := mail.get_body(("plain",))):
                return str(part.get_content())
        return ""

    return wait_until(find, timeout_s=120)


def personal_path(text: str) -> str:
    """The path of the personal link that a mail carries."""
    found = re.search(r"/r/\S+/", text)
    assert found, text
    return found[0]
