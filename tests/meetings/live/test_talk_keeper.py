"""One report that cannot be stored keeps none of the others waiting."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from media_relay.protocol import TalkTimes
from meetings.models import Seat, TalkTime
from meetings.talk_keeper import TalkKeeper
from tests.media_relay.relay_process import eventually
from tests.meetings.live.rooms import make_guest, make_meeting

pytestmark = pytest.mark.django_db(transaction=True)

NO_TALLY: Any = None
"""The database refuses it."""


def make_seat() -> Seat:
    return make_guest(make_meeting())


async def is_stored() -> bool:
    return await TalkTime.objects.filter(tally="good", talked_s=4.0).aexists()


@pytest.mark.parametrize(
    ("tally", "is_a_room"), [("bad", False), (NO_TALLY, True)], ids=["no-room", "refused-row"]
)
async def test_report_that_fails_lets_the_others_pass(tally: Any, is_a_room: bool) -> None:
    seat = await sync_to_async(make_seat)()
    room, name = str(seat.meeting.public_id), str(seat.public_id)
    keeper = TalkKeeper()

    def report(of_room: str, of_tally: Any) -> TalkTimes:
        return TalkTimes(seq=1, room=of_room, tally=of_tally, seconds={name: 4.0})

    keeper.note(report(room if is_a_room else "nowhere", tally))
    keeper.note(report(room, "good"))

    await eventually(is_stored, "the other report is stored")
