"""From a relay's report to the database and to the hosts, on a fake relay."""

from asgiref.sync import sync_to_async

from meetings import room_protocol as rp
from meetings.models import TalkTime
from tests.fake_relay import FakeRelay
from tests.media_relay.relay_process import eventually
from tests.meetings.live.conftest import LiveRoom


async def stored(expected: dict[str, float]) -> None:
    """Wait until exactly this talk is counted, by seat."""

    def read() -> dict[str, float]:
        rows = TalkTime.objects.select_related("seat")
        found: dict[str, float] = {}
        for row in rows:
            name = str(row.seat.public_id)
            found[name] = found.get(name, 0.0) + row.talked_s - row.rehearsed_s
        return found

    async def is_stored() -> bool:
        return await sync_to_async(read)() == expected

    await eventually(is_stored, f"talk times are {expected}", limit_s=5)


async def test_talk_is_stored_and_told_to_hosts_and_nobody_else(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    meeting, seat = str(room.meeting.public_id), str(room.guest.public_id)

    await relay.report_talk(meeting, "first", {seat: 12.5})

    assert await host.hear(rp.TalkTimes) == rp.TalkTimes(
        seats=(rp.SeatTalk(seat=seat, talked_s=12),)
    )
    await stored({seat: 12.5})
    assert await guest.hears_nothing(rp.TalkTimes)
    assert not any("talked_s" in text for text in guest.texts)


async def test_new_relay_counts_from_zero_and_the_sum_stays_right(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host = await room.host_page()
    await room.guest_page()
    meeting, seat = str(room.meeting.public_id), str(room.guest.public_id)
    await relay.report_talk(meeting, "first", {seat: 40.0})
    await stored({seat: 40.0})

    await relay.stop()
    await relay.start()
    await relay.until(lambda: len(relay.rooms.get(meeting, {})) == 2)
    await relay.report_talk(meeting, "second", {seat: 3.0})
    await relay.report_talk(meeting, "second", {seat: 8.0})

    await stored({seat: 48.0})
    again = await room.host_page()
    assert (await again.hear(rp.TalkTimes)).seats == (rp.SeatTalk(seat=seat, talked_s=48),)
    assert host.close_code is None


async def test_last_report_is_stored_when_nobody_here_is_left_to_hear_it(
    room: LiveRoom, relay: FakeRelay
) -> None:
    guest = await room.guest_page()
    meeting, seat = str(room.meeting.public_id), str(room.guest.public_id)
    link = relay.rooms[meeting][seat]
    await guest.send("leave")
    await guest.closed()
    relay.rooms.setdefault(meeting, {})["nobody"] = link

    await relay.report_talk(meeting, "first", {seat: 7.5})

    # Nobody who runs the meeting was in: what was said is a rehearsal, and is kept as such.
    async def is_stored() -> bool:
        return await TalkTime.objects.filter(talked_s=7.5, rehearsed_s=7.5).aexists()

    await eventually(is_stored, "the last report is stored", limit_s=5)
