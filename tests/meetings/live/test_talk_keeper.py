"""One report that cannot be stored keeps none of the others waiting, and is not kept for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from media_relay.protocol import TalkTimes
from meetings import talk_keeper
from meetings.models import Seat, TalkTime
from meetings.talk_keeper import TalkKeeper
from tests.media_relay.relay_process import eventually
from tests.meetings.live.rooms import make_guest, make_meeting

pytestmark = pytest.mark.django_db(transaction=True)

NO_TALLY: Any = None
"""The database refuses it."""
IS_SQLITE = connection.vendor == "sqlite"


def make_seat() -> Seat:
    return make_guest(make_meeting())


def report(seat: Seat, tally: Any = "good", talked_s: float = 4.0, room: str = "") -> TalkTimes:
    seconds = {str(seat.public_id): talked_s}
    where = room or str(seat.meeting.public_id)
    return TalkTimes(seq=1, room=where, tally=tally, seconds=seconds)


async def is_stored(talked_s: float = 4.0) -> bool:
    return await TalkTime.objects.filter(tally="good", talked_s=talked_s).aexists()


def complaints(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.name == talk_keeper.__name__ for record in caplog.records)


@pytest.mark.parametrize(
    ("tally", "room"), [("bad", "nowhere"), (NO_TALLY, "")], ids=["no-room", "refused-row"]
)
async def test_report_that_is_refused_is_logged_once_and_lets_the_others_pass(
    tally: Any, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    seat = await sync_to_async(make_seat)()
    keeper = TalkKeeper()

    for talked_s in (4.0, 5.0, 6.0):
        keeper.note(report(seat, tally, room=room))
        keeper.note(report(seat, talked_s=talked_s))
        await eventually(lambda wanted=talked_s: is_stored(wanted), "the other report is stored")

    assert complaints(caplog) == 1


def rename_table(before: str, after: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {before} RENAME TO {after}")


@pytest.fixture
async def lost_table() -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """The rows cannot be reached until the table is brought back."""
    names = ["meetings_talktime", "meetings_elsewhere"]

    async def bring_back() -> None:
        if names:
            here, there = names
            names.clear()
            await sync_to_async(rename_table)(there, here)

    await sync_to_async(rename_table)(*names)
    yield bring_back
    await bring_back()


@pytest.mark.skipif(not IS_SQLITE, reason="SQLite calls a missing table an operational error")
@pytest.mark.parametrize("waits_s", [30.0, 0.2], ids=["in-time", "too-late"])
async def test_report_waits_for_the_database_but_not_for_ever(
    waits_s: float,
    lost_table: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(talk_keeper, "AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr(talk_keeper, "WAITS_AT_MOST_S", waits_s)
    seat = await sync_to_async(make_seat)()
    keeper = TalkKeeper()

    keeper.note(report(seat, talked_s=4.0))
    await asyncio.sleep(0.6)
    await lost_table()
    await asyncio.sleep(0.3)
    was_kept = await is_stored()
    keeper.note(report(seat, talked_s=5.0))
    await eventually(lambda: is_stored(5.0), "the next report is stored")

    assert was_kept is (waits_s > 1)
    assert complaints(caplog) == 1
