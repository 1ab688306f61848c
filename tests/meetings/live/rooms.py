"""Rooms for the tests: a meeting with people in it, and pages that speak the room's protocol."""

import asyncio
import itertools
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from crm.models import User
from meetings import room_protocol as rp
from meetings.models import Meeting, Registration, Seat
from meetings.routing import websocket_urlpatterns
from meetings.services import access, tokens
from tests.factories.crm import make_point
from tests.people import make_user

application = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
_numbers = itertools.count(1)


def make_meeting(host: User | None = None, **fields: Any) -> Meeting:
    """A partner meeting that is about to begin."""
    start = timezone.now()
    values = {
        "kind": "partner",
        "title": "Partner round",
        "starts_at": start,
        "ends_at": start + timedelta(hours=1),
        "time_zone": "Europe/Berlin",
        "host": host or make_user(f"Hanna Host {next(_numbers)}", "sales"),
    } | fields
    return Meeting.objects.create(**values)


def make_guest(meeting: Meeting, name: str = "Greta Guest", **fields: Any) -> Seat:
    """A registered, verified person with a seat."""
    registration = Registration.objects.create(
        meeting=meeting,
        contact_point=make_point(),
        name=name,
        time_zone="Europe/Berlin",
        verified_at=timezone.now(),
        language=fields.pop("language", "en"),
    )
    seat = access.ensure_guest_seat(registration=registration)
    for name_of_field, value in fields.items():
        setattr(seat, name_of_field, value)
    seat.save()
    return seat


def guest_cookie(seat: Seat) -> str:
    assert seat.registration is not None
    return f"{access.cookie_name(seat.meeting)}={tokens.seat_cookie_value(seat.registration)}"


def session_cookie(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


class Page:
    """A room page without a browser: sends requests, keeps what it was not waiting for."""

    def __init__(self, meeting_id: object, cookie: str = "", server: Any = application) -> None:
        headers = [(b"cookie", cookie.encode())] if cookie else []
        self.socket = WebsocketCommunicator(server, f"/ws/meetings/{meeting_id}/", headers=headers)
        self.heard: list[Any] = []
        self.texts: list[str] = []
        """Everything the server sent, as it was sent."""
        self.close_code: int | None = None
        self.snapshot: rp.Snapshot | None = None
        self._ids = itertools.count(1)

    async def open(self) -> "Page":
        is_accepted, _protocol = await self.socket.connect(timeout=5)
        assert is_accepted
        return self

    async def enter(self, resume_seq: int | None = None) -> Any:
        """Open and say hello; gives the answer."""
        await self.open()
        return await self.hello(resume_seq)

    async def hello(self, resume_seq: int | None = None) -> Any:
        answer = await self.ask("hello", resume_seq=resume_seq)
        if isinstance(answer, rp.Snapshot):
            self.snapshot = answer
        return answer

    async def send(self, kind: str, **fields: Any) -> str:
        message_id = fields.setdefault("id", str(next(self._ids)))
        await self.socket.send_to(text_data=json.dumps({"v": 1, "type": kind, **fields}))
        return str(message_id)

    async def ask(self, kind: str, **fields: Any) -> Any:
        """The answer to a request; what arrives before it is kept in `heard`."""
        message_id = await self.send(kind, **fields)
        return await self._until(lambda m: getattr(m, "id", None) == message_id)

    async def hear(self, kind: type[Any], limit_s: float = 5.0) -> Any:
        """The next message of a kind, waiting for it if it has not come yet."""
        for message in self.heard:
            if isinstance(message, kind):
                self.heard.remove(message)
                return message
        return await self._until(lambda m: isinstance(m, kind), limit_s)

    async def hears_nothing(self, *kinds: type[Any], for_s: float = 0.4) -> bool:
        """Whether no message of these kinds arrives for a while."""
        try:
            async with asyncio.timeout(for_s):
                while True:
                    message = rp.decode_server(await self._text())
                    if isinstance(message, kinds):
                        return False
                    self.heard.append(message)
        except TimeoutError:
            return not any(isinstance(message, kinds) for message in self.heard)

    async def closed(self, limit_s: float = 5.0) -> int:
        """The code with which the server closes; what came before is kept."""
        async with asyncio.timeout(limit_s):
            while self.close_code is None:
                try:
                    self.heard.append(rp.decode_server(await self._text()))
                except ConnectionError:
                    break
        assert self.close_code is not None
        return self.close_code

    async def leave_socket(self, code: int = 1001) -> None:
        """The connection breaks, or the tab is closed."""
        await self.socket.disconnect(code=code)

    async def _until(self, is_wanted: Any, limit_s: float = 5.0) -> Any:
        async with asyncio.timeout(limit_s):
            while True:
                message = rp.decode_server(await self._text())
                if is_wanted(message):
                    return message
                self.heard.append(message)

    async def _text(self) -> str:
        # Not receive_output: it cancels the application when the time is up.
        output = await self.socket.output_queue.get()
        if output["type"] == "websocket.close":
            self.close_code = output["code"]
            raise ConnectionError(f"closed with {self.close_code}")
        self.texts.append(str(output["text"]))
        return self.texts[-1]


def a_client_id() -> str:
    return str(uuid4())
