"""`manage.py demo_presenter`: somebody to see and hear, for whoever tries a meeting alone."""

import asyncio
import signal
import ssl
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.models import User
from meetings.models import Meeting
from meetings.models.choices import MeetingState
from vmcrm.demo.team import DOMAIN

# May step into any meeting, and is nobody whom the evaluator signs in as.
PRESENTER = f"admin@{DOMAIN}"


class Command(BaseCommand):
    help = (
        "Joins the meeting that is open now with a test picture and a beep, until Ctrl-C. Start "
        "it beside `make run`, in a terminal of its own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--code", help="The code of the meeting; without it the one that began last."
        )

    def handle(self, *_args: Any, code: str | None, **_options: Any) -> None:
        user = User.objects.filter(email=PRESENTER, is_active=True).first()
        if user is None:
            raise CommandError("The presenter is a demo account, and there is no demo data here.")
        meeting = _find_meeting(code)
        self._say(f"Joining “{meeting.title}”: {settings.BASE_URL}{meeting.get_absolute_url()}")
        with _signed_in(user) as cookie, suppress(asyncio.CancelledError):
            asyncio.run(self._present(meeting, cookie))
        self._say("Left.")

    async def _present(self, meeting: Meeting, cookie: str) -> None:
        from vmcrm.demo import presenter  # loads codecs, which other commands need not wait for

        # By hand, because a shell starts what is to run in the background with SIGINT ignored.
        if (stay := asyncio.current_task()) is not None:
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stay.cancel)
        address = settings.BASE_URL.replace("http", "ws", 1)
        entrance = presenter.Entrance(
            url=f"{address}/ws/meetings/{meeting.public_id}/",
            origin=settings.BASE_URL,
            cookie=cookie,
            tls=_trusted_tls() if settings.IS_HTTPS else None,
        )
        await presenter.present(entrance, self._say)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _find_meeting(code: str | None) -> Meeting:
    now = timezone.now()
    going_on = Meeting.objects.filter(state__in=(MeetingState.PLANNED, MeetingState.LIVE))
    if code:
        meeting = going_on.filter(join_code=code).first()
        if meeting is None:
            raise CommandError(f"No meeting with the code {code} can be joined.")
        return meeting
    meeting = (
        going_on.filter(starts_at__lte=now, ends_at__gt=now).order_by("-starts_at", "-pk").first()
    )
    if meeting is None:
        raise CommandError(
            "No meeting is open now. Plan one in the administration that begins now, and start "
            "this again."
        )
    return meeting


@contextmanager
def _signed_in(user: User) -> Iterator[str]:
    """The cookie of a session that lasts as long as the visit."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    try:
        yield f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    finally:
        session.delete()


def _trusted_tls() -> ssl.SSLContext:
    """Trusts the certificate that `make run HTTPS=1` made as well."""
    context = ssl.create_default_context()
    own = settings.HOME / "tls" / "certificate.pem"
    if own.exists():
        context.load_verify_locations(own)
    return context
