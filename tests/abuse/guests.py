"""People who fill in forms of the running system, without a browser."""

import email
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from email import policy
from http.cookiejar import CookieJar
from urllib.parse import urlencode

from tests.processes import wait_until
from tests.system.running import RunningSystem

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
class Page:
    status: int
    text: str
    url: str


class Guest:
    """One browser's cookies; forms carry their token, redirects are followed."""

    def __init__(self, system: RunningSystem) -> None:
        self._base_url = system.base_url
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def open(self, path: str, data: bytes | None = None) -> Page:
        try:
            with self._opener.open(self._base_url + path, data, timeout=60) as answer:
                return Page(answer.status, answer.read().decode(), answer.url)
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.read().decode(), error.url)

    def send(self, path: str, **fields: str) -> Page:
        self.open(path)
        token = next(str(cookie.value) for cookie in self._jar if cookie.name == "csrftoken")
        return self.open(path, urlencode({"csrfmiddlewaretoken": token, **fields}).encode())


def plan_meeting(system: RunningSystem, *, capacity: int = 100) -> str:
    """The address of a public meeting tomorrow."""
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

    return wait_until(find)


def personal_path(text: str) -> str:
    """The path of the personal link that a mail carries."""
    found = re.search(r"/r/\S+/", text)
    assert found, text
    return found[0]
