"""Two colleagues of the demo company who do not see each other's customers, signed in already, and
what the cases about side doors try to reach. Nothing here uses up the limits of the sign-in page.
"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from tests.system.running import RunningSystem

PREPARE = """
import json
from datetime import timedelta
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from analytics.models import ReportIssue, ReportSchedule
from crm.models import Contact, ContactPoint, User
from meetings.models import Meeting, Recording, RecordingTrack, Seat

def sign_in(user):
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.save()
    return session.session_key

now = timezone.now()
anna, chen = (User.objects.get(email=f"{name}@lumen.example") for name in ("anna", "chen"))
plan = dict(kind="partner", time_zone="UTC", starts_at=now, ends_at=now + timedelta(hours=1))
own = Meeting.objects.create(title="Doors of Anna", host=anna, team=anna.team, **plan)
theirs = Meeting.objects.create(title="Doors of Chen", host=chen, team=chen.team, **plan)
seat = Seat.objects.create(meeting=own, user=anna, role="host", state="admitted")
recording = Recording.objects.create(
    meeting=own, starts_at=now, stopped_at=now, delete_on=now.date() + timedelta(days=9),
    changed_sequence=1,
)
track = RecordingTrack(
    recording=recording, seat=seat, source="camera", relay_url="ws://relay/control",
    relay_file="doors", media_type="video/webm",
    started_at=now, duration_s=1, size_bytes=1000, sha256="ab" * 32, journal={}, state="stored",
    is_at_relay=False,
)
track.file.name = default_storage.save("recordings/doors.webm", ContentFile(b"x" * 1000))
track.save()
for title, owner in (("Doors of Chen", chen), ("Mine", anna)):
    schedule = ReportSchedule.objects.create(
        title=title, owner=owner, time_zone="UTC", local_time="08:00", currency="EUR",
        is_active=False,
    )
    ReportIssue.objects.create(schedule=schedule, period="2026-10", due_at=now, state="stopped")
address = ContactPoint.objects.filter(contact__owner=chen, kind="email").first().value
free = ContactPoint.objects.create(kind="email", value="nobody.yet@customers.example").value
print(json.dumps({
    "sessions": {user.name: sign_in(user) for user in (anna, chen)},
    "room": str(own.public_id), "their_room": str(theirs.public_id), "their_meeting": theirs.pk,
    "kind": ContentType.objects.get_for_model(Meeting).pk,
    "file": f"/admin/meetings/meeting/{own.pk}/recordings/{track.public_id}/", "track": track.pk,
    "their_address": address, "address_of_nobody": free,
    "contact": Contact.objects.create(name="Door", owner=anna, team=anna.team).pk,
    "hash": User.objects.get(email="admin@lumen.example").password,
}))
"""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Gives the redirection itself back."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


@dataclass
class Answer:
    status: int
    text: str
    address: str = ""


@dataclass
class Colleague:
    """A signed-in browser without a window."""

    base_url: str
    session: str
    token: str = "a" * 32
    _opener: Any = field(default_factory=lambda: urllib.request.build_opener(_Stay))

    @property
    def cookie(self) -> str:
        return f"sessionid={self.session}; csrftoken={self.token}"

    def get(self, path: str, asked: dict[str, str] | None = None, **headers: str) -> Answer:
        query = f"?{urllib.parse.urlencode(asked)}" if asked else ""
        return self._open(urllib.request.Request(f"{self.base_url}{path}{query}", headers=headers))

    def post(self, path: str, values: dict[str, Any]) -> Answer:
        body = urllib.parse.urlencode({**values, "csrfmiddlewaretoken": self.token}).encode()
        return self._open(urllib.request.Request(f"{self.base_url}{path}", data=body))

    def _open(self, request: urllib.request.Request) -> Answer:
        request.add_header("Cookie", self.cookie)
        request.add_header("Origin", self.base_url)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as answer:
            text = answer.read().decode(errors="replace")
            return Answer(answer.code, text, answer.headers.get("Location") or "")


@dataclass(frozen=True)
class Doors:
    """Anna, who tries, and what of Chen's or of everybody's she must not get."""

    anna: Colleague
    facts: dict[str, Any]


def prepare(system: RunningSystem) -> Doors:
    facts = json.loads(
        re.findall(r"^\{.*\}$", system.manage("shell", "-c", PREPARE), re.MULTILINE)[-1]
    )
    return Doors(Colleague(system.base_url, facts["sessions"]["Anna Weber"]), facts)
