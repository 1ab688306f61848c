"""Plants meetings in the database of a running site, in a process beside it that has Django set up.

A wish is a line of JSON on standard input, its answer one on standard output.
"""

import json
import sys
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from meetings.services import access, tokens
from tests.factories.meetings import make_guest, make_meeting
from tests.people import make_user


def fulfil_wishes() -> None:
    for line in sys.stdin:
        print(json.dumps(plant(**json.loads(line))), flush=True)


def plant(
    *, host: str, guests: list[str], kind: str, title: str, has_lobby: bool
) -> dict[str, Any]:
    """A meeting that is on now; its address, and the keys of everybody who may enter."""
    now = timezone.now()
    meeting = make_meeting(
        make_user(host, "sales"),
        kind=kind,
        title=title,
        has_lobby=has_lobby,
        starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(hours=1),
    )
    client = Client()
    client.force_login(meeting.host)
    seats = [
        make_guest(meeting, name=name, email=f"guest{number}@{meeting.join_code}.example")
        for number, name in enumerate(guests)
    ]
    return {
        "path": f"/meetings/{meeting.public_id}/room/",
        "host_name": meeting.host.name,
        "host_session": client.cookies["sessionid"].value,
        "guests": {
            seat.display_name: {
                "seat": str(seat.public_id),
                "name": access.cookie_name(meeting),
                "value": tokens.seat_cookie_value(seat.registration),
            }
            for seat in seats
        },
    }
