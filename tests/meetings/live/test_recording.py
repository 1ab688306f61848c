"""Recording as the people in the room see it: the notice first, then those who agreed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from crm.models import ConsentEvent, ContactPoint
from media_relay.protocol import StartRecording, StopRecording
from meetings import room_protocol as rp
from meetings.models import Recording, Seat
from meetings.relay_client import requests
from meetings.selectors.recording import agrees, plans
from meetings.services import recording
from tests.factories.meetings import record_consent
from tests.fake_relay import FakeRelay
from tests.media_relay.relay_process import eventually
from tests.meetings.live.conftest import LiveRoom, MakeRoom
from tests.meetings.live.rooms import Page, make_guest, make_meeting

LIMIT_S = 6.0


@pytest.fixture(autouse=True)
def _short_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long enough to tell before from after."""
    monkeypatch.setattr(recording, "NOTICE", timedelta(seconds=0.5))


@pytest.fixture
async def room(make_room: MakeRoom) -> LiveRoom:
    return await make_room(recording_policy="optional")


def seat_of(page: Page) -> str:
    assert page.snapshot is not None
    return page.snapshot.me.seat


def recorded(relay: FakeRelay) -> set[str]:
    return {name for request in relay.recordings.values() for name in request.tracks}


async def test_everybody_is_told_before_the_relay_is(room: LiveRoom, relay: FakeRelay) -> None:
    host, guest = await room.host_page(), await room.guest_page()

    answer = await host.ask("start_recording")
    notice = await guest.hear(rp.RecordingChanged)
    asked_early = relay.asked(StartRecording)
    await relay.until(lambda: relay.recordings, LIMIT_S)

    stored = await Recording.objects.aget()
    assert isinstance(answer, rp.Ok)
    starts_at = stored.starts_at.isoformat()
    assert notice.recording == rp.RecordingCard(starts_at=starts_at, state="announced")
    assert asked_early == []
    assert timezone.now() >= stored.starts_at


async def test_only_who_agreed_is_on_the_list_and_withdrawal_takes_effect_at_once(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    await host.ask("start_recording")
    await relay.until(lambda: relay.recordings, LIMIT_S)
    first = recorded(relay)

    await guest.ask("answer_recording", agrees=True)
    second = recorded(relay)
    await guest.ask("answer_recording", agrees=False)
    third = recorded(relay)

    assert first == {seat_of(host)}
    assert second == {seat_of(host), seat_of(guest)}
    assert third == {seat_of(host)}
    revisions = [request.revision for request in relay.asked(StartRecording)]
    assert revisions == sorted(set(revisions))


def consent_events(point: ContactPoint) -> list[tuple[str, str, str, str]]:
    events = ConsentEvent.objects.filter(contact_point=point).order_by("pk")
    return list(events.values_list("purpose", "channel", "state", "wording_version"))


async def test_answer_stands_in_the_trace_of_consents(room: LiveRoom) -> None:
    guest = await room.guest_page()

    await guest.ask("answer_recording", agrees=True)
    await guest.ask("answer_recording", agrees=False)

    assert room.guest.registration is not None
    point = room.guest.registration.contact_point
    said = await sync_to_async(consent_events)(point)
    assert said == [
        ("recording", "meeting", "granted", "recording-1"),
        ("recording", "meeting", "withdrawn", "recording-1"),
    ]


async def test_who_enters_later_reads_it_in_the_snapshot(room: LiveRoom, relay: FakeRelay) -> None:
    host = await room.host_page()
    await host.ask("start_recording")

    guest = await room.guest_page()

    assert host.snapshot is not None
    assert guest.snapshot is not None
    assert "record" in host.snapshot.me.permissions
    assert guest.snapshot.recording is not None
    assert guest.snapshot.me.agrees_to_recording is None


async def test_missed_notice_is_read_from_the_database(room: LiveRoom) -> None:
    host = await room.host_page()
    assert host.snapshot is not None
    await host.ask("start_recording")

    missed = await host.ask("fetch", after_seq=host.snapshot.seq)

    assert [type(m) for m in missed.messages if isinstance(m, rp.RecordingChanged)] == [
        rp.RecordingChanged
    ]


async def test_stop_reaches_relay_and_room(room: LiveRoom, relay: FakeRelay) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    await host.ask("start_recording")
    before = await states_heard(guest, 2)

    for _ in range(2):
        answer = await host.ask("stop_recording")
        assert isinstance(answer, rp.Ok)

    after = await states_heard(guest, 1)
    assert (before, after, relay.recordings) == (["announced", "running"], ["over"], {})
    assert (await Recording.objects.aget()).stopped_at is not None


async def test_stop_that_was_lost_on_the_way_is_said_again(
    room: LiveRoom, relay: FakeRelay, fast_watch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "REQUEST_LIMIT_S", 0.3)
    host = await room.host_page()
    await host.ask("start_recording")
    await relay.until(lambda: relay.recordings, LIMIT_S)
    first = next(iter(relay.recordings.values())).recording

    relay.lost = {"stop_recording"}
    await host.ask("stop_recording")
    still_written = set(relay.recordings)
    relay.lost = set()
    await relay.until(lambda: not relay.recordings, LIMIT_S)

    stopped = {request.recording for request in relay.asked(StopRecording)}
    assert (still_written, stopped) == ({str(room.meeting.public_id)}, {first})


async def test_recording_that_the_relay_writes_and_nobody_wants_any_more_is_stopped(
    room: LiveRoom, relay: FakeRelay, fast_watch: None
) -> None:
    """This process was told of it by the relay alone: another one began it and died."""
    host = await room.host_page()
    await host.ask("start_recording")
    await relay.until(lambda: relay.recordings, LIMIT_S)
    await host.ask("stop_recording")
    await relay.until(lambda: not relay.recordings, LIMIT_S)
    left_over = str(uuid4())
    key = str(room.meeting.public_id)
    relay.recordings[key] = StartRecording(
        id="left", room=key, recording=left_over, revision=1, tracks={}
    )

    await relay.tell_recording(key, 4096)
    await relay.until(lambda: not relay.recordings, LIMIT_S)

    assert left_over in {asked.recording for asked in relay.asked(StopRecording)}


async def test_hosts_are_told_how_it_fares_and_guests_are_not(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    await host.ask("start_recording")
    await relay.until(lambda: relay.recordings, LIMIT_S)

    await relay.tell_recording(str(room.meeting.public_id), 4096)

    assert await host.hear(rp.RecordingStatus) == rp.RecordingStatus(
        state="recording", reason="", size_bytes=4096, tracks=1
    )
    assert await guest.hears_nothing(rp.RecordingStatus)


async def test_relay_that_died_is_told_again_under_the_same_name(
    room: LiveRoom, relay: FakeRelay, fast_watch: None
) -> None:
    host = await room.host_page()
    await host.ask("start_recording")
    await relay.until(lambda: relay.recordings, LIMIT_S)
    before = next(iter(relay.recordings.values())).recording

    await relay.stop()
    await relay.start()
    await relay.until(lambda: relay.recordings, LIMIT_S)

    assert next(iter(relay.recordings.values())).recording == before


async def test_relay_that_cannot_record_is_told_to_the_host_and_ends_it(
    room: LiveRoom, relay: FakeRelay
) -> None:
    relay.refusals["start_recording"] = "disk_low"
    host = await room.host_page()

    await host.ask("start_recording")
    error = await host.hear(rp.Error, LIMIT_S)

    assert error.code == "disk_low"
    assert "disk" in error.sentence
    stored = await Recording.objects.aget()
    assert (stored.stopped_at is not None, stored.trouble) == (True, "disk_low")


async def test_meeting_planned_without_recordings_refuses_even_its_host(
    make_room: MakeRoom,
) -> None:
    room = await make_room(recording_policy="never")
    host = await room.host_page()

    answer = await host.ask("start_recording")

    assert (answer.code, await Recording.objects.acount()) == ("not_recordable", 0)
    assert host.snapshot is not None
    assert "record" not in host.snapshot.me.permissions


async def test_meeting_that_is_always_recorded_begins_when_it_goes_live(
    make_room: MakeRoom, relay: FakeRelay, fast_watch: None
) -> None:
    room = await make_room(recording_policy="always")

    guest = await room.guest_page()
    assert await Recording.objects.acount() == 0
    host = await room.host_page()
    await relay.until(lambda: relay.recordings, LIMIT_S)

    stored = await Recording.objects.aget()
    assert stored.started_by_id is None
    assert host.snapshot is not None
    assert host.snapshot.recording is not None
    assert await guest.hear(rp.RecordingChanged)
    assert recorded(relay) == set()


async def test_recording_refused_by_itself_tells_hosts_why_until_the_relay_records(
    make_room: MakeRoom, relay: FakeRelay, fast_watch: None
) -> None:
    room = await make_room(recording_policy="always")
    relay.refusals["start_recording"] = "disk_low"
    guest, host = await room.guest_page(), await room.host_page()

    told = await host.hear(rp.RecordingStatus, LIMIT_S)
    later = await room.host_page()
    told_later = await later.hear(rp.RecordingStatus, LIMIT_S)

    refused = rp.RecordingStatus(state="refused", reason="disk_low", size_bytes=0, tracks=0)
    assert (told, told_later) == (refused, refused)
    assert await later.hears_nothing(rp.RecordingStatus)  # once, though it is asked again and again
    assert await guest.hears_nothing(rp.RecordingStatus)
    assert (await Recording.objects.aget()).trouble == "disk_low"
    assert await states_heard(guest, 2) == ["announced", "refused"]
    latecomer = await room.guest_page(room.other)
    assert latecomer.snapshot is not None
    assert latecomer.snapshot.recording is not None
    assert latecomer.snapshot.recording.state == "refused"

    relay.refusals.clear()
    await relay.until(lambda: relay.recordings, LIMIT_S)
    await eventually(is_without_trouble, "the trouble is over")
    assert await states_heard(guest, 1) == ["running"]


async def states_heard(page: Page, count: int) -> list[str]:
    """What the page was told of the recording next."""
    heard = [await page.hear(rp.RecordingChanged, LIMIT_S) for _ in range(count)]
    return [news.recording.state if news.recording else "over" for news in heard]


async def test_disk_that_fills_up_in_the_middle_is_told_to_everybody(
    room: LiveRoom, relay: FakeRelay, fast_watch: None
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    await host.ask("start_recording")
    before = await states_heard(guest, 2)

    await relay.tell_recording(str(room.meeting.public_id), 4096, state="disk_low")
    full = await states_heard(guest, 1)
    await relay.tell_recording(str(room.meeting.public_id), 4096)
    again = await states_heard(guest, 1)

    assert (before, full, again) == (["announced", "running"], ["refused"], ["running"])


async def is_without_trouble() -> bool:
    return (await Recording.objects.aget()).trouble == ""


async def test_relay_that_is_away_is_the_reason_until_it_is_back(
    room: LiveRoom, relay: FakeRelay, fast_watch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "FIRST_WORD", timedelta(seconds=0.5))
    host = await room.host_page()
    await relay.stop()

    await host.ask("start_recording")
    told = await host.hear(rp.RecordingStatus, LIMIT_S)

    assert (told.state, told.reason) == ("refused", "relay_away")
    await relay.start()
    await relay.until(lambda: relay.recordings, LIMIT_S)
    await eventually(is_without_trouble, "the trouble is over")


async def test_room_that_is_refused_holds_up_no_other(
    make_room: MakeRoom, relay: FakeRelay, fast_watch: None
) -> None:
    rooms = [await make_room(recording_policy="always") for _ in range(3)]
    busy = str(rooms[0].meeting.public_id)
    relay.refuses_recording_of.add(busy)

    for room in rooms:
        await room.host_page()
    await relay.until(lambda: len(relay.recordings) == 2, LIMIT_S)

    assert busy not in relay.recordings


async def test_end_of_the_meeting_ends_the_recording(room: LiveRoom) -> None:
    host = await room.host_page()
    await host.ask("start_recording")

    await host.ask("end_meeting")

    assert (await Recording.objects.aget()).stopped_at is not None


async def test_reader_that_is_late_cannot_bring_back_who_withdrew(
    room: LiveRoom, relay: FakeRelay
) -> None:
    """Two web processes: one read the consents before the withdrawal and asks after it."""
    host, guest = await room.host_page(), await room.guest_page()
    await guest.ask("answer_recording", agrees=True)
    await host.ask("start_recording")
    await relay.until(lambda: relay.recordings, LIMIT_S)
    early = await sync_to_async(plans)({str(room.meeting.public_id)})

    await guest.ask("answer_recording", agrees=False)
    late = next(iter(relay.recordings.values()))

    assert early[str(room.meeting.public_id)].revision < late.revision


@pytest.mark.django_db
class TestAgrees:
    """What counts as a yes."""

    @pytest.fixture
    def seat(self) -> Seat:
        return make_guest(make_meeting(recording_policy="optional"))

    def tick(self, seat: Seat) -> None:
        assert seat.registration is not None
        seat.registration.requested_consents = {"recording": "recording-1"}

    def test_nothing_said_is_no_answer(self, seat: Seat) -> None:
        assert agrees(seat) is None

    def test_yes_for_another_meeting_is_no_answer(self, seat: Seat) -> None:
        record_consent(seat, "granted")

        assert agrees(seat) is None

    def test_ticked_but_not_confirmed_is_no_answer(self, seat: Seat) -> None:
        self.tick(seat)
        record_consent(seat, "pending")

        assert agrees(seat) is None

    def test_ticked_and_confirmed_is_a_yes(self, seat: Seat) -> None:
        self.tick(seat)
        record_consent(seat, "granted")

        assert agrees(seat) is True

    def test_ticked_and_taken_back_is_a_no(self, seat: Seat) -> None:
        self.tick(seat)
        record_consent(seat, "granted")
        record_consent(seat, "withdrawn")

        assert agrees(seat) is False

    def test_answer_in_the_room_counts_most(self, seat: Seat) -> None:
        self.tick(seat)
        record_consent(seat, "granted")
        seat.recording_answer = False

        assert agrees(seat) is False
