"""What the page shows of a recording: the notice, one's own answer, the host's switch."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from meetings.room_protocol import (
    RecordingCard,
    RecordingChanged,
    RecordingStatus,
    RosterEntry,
    Snapshot,
)
from tests.meetings.room_page.fake_room import FakeRoom, make_entry
from tests.meetings.room_page.live_site import Planted, Site
from tests.meetings.room_page.test_page import DESK, PHONE, Open, find_faults, overflow

pytestmark = [pytest.mark.browser, pytest.mark.process]

ANA = make_entry("Ana Rojas")
HOST = make_entry("Li Wei", "host")
BO = make_entry("Bo Lindqvist", microphone=True)
LISTENER = make_entry("Otto Other", "attendee")
BEGAN_AT = "2026-05-04T08:31:02+00:00"
ANNOUNCED = RecordingCard(starts_at=BEGAN_AT, state="announced")
CARD = RecordingCard(starts_at=BEGAN_AT, state="running")
REFUSED = RecordingCard(starts_at=BEGAN_AT, state="refused")
NOTICE = "This meeting is being recorded."


class RecordableRoom(FakeRoom):
    """A room whose host may record; `recording` and `agrees` stand in its snapshots."""

    recording: RecordingCard | None = None
    agrees: bool | None = None

    def _answer_hello(self, message: Any) -> Any:
        answer = super()._answer_hello(message)
        assert isinstance(answer, Snapshot)
        permissions = answer.me.permissions
        if self.me.role == "host":
            permissions = tuple(dict.fromkeys((*permissions, "record")))
        if self.me.role == "attendee":
            permissions = ("chat",)
        me = dataclasses.replace(
            answer.me, permissions=permissions, agrees_to_recording=self.agrees
        )
        return dataclasses.replace(answer, me=me, recording=self.recording)


@pytest.fixture(scope="module")
def meeting(site: Site) -> Planted:
    return site.plant("Ana Rojas")


@pytest.fixture
def open_page(site: Site, browser: Browser, meeting: Planted) -> Iterator[Open]:
    pages: list[Page] = []

    def open_it(room: FakeRoom, **options: Any) -> Page:
        options.setdefault("viewport", DESK)
        language = options.pop("language", "en")
        context = browser.new_context(**options)
        wish = {"name": "django_language", "value": language, "url": site.base}
        context.add_cookies([wish])
        cookie = meeting.guests["Ana Rojas"]
        context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": site.base}])
        page = context.new_page()
        pages.append(page)
        room.attach(page)
        page.goto(meeting.url)
        page.locator("[data-part=join]").click()
        return page

    yield open_it
    for page in pages:
        page.context.close()


def test_guest_reads_the_notice_and_decides(open_page: Open) -> None:
    room = RecordableRoom(ANA, HOST)
    page = open_page(room)
    expect(page.get_by_text(NOTICE)).to_be_hidden()

    room.send(RecordingChanged(seq=room.next_seq(), recording=CARD))
    expect(page.get_by_text(NOTICE)).to_be_visible()
    expect(page.get_by_text("You are not in the recording unless you agree.")).to_be_visible()
    page.get_by_role("button", name="Agree to be recorded").click()
    expect(page.get_by_text("You are in the recording.")).to_be_visible()
    page.get_by_role("button", name="Leave the recording").click()
    expect(page.get_by_text("You are not in the recording.")).to_be_visible()

    assert [asked.agrees for asked in room.requests("answer_recording")] == [True, False]
    expect(page.get_by_role("button", name="Stop recording")).to_be_hidden()
    room.send(RecordingChanged(seq=room.next_seq()))
    expect(page.get_by_text(NOTICE)).to_be_hidden()
    expect(page.locator("[data-part=toasts]")).to_contain_text("The recording has ended.")


def test_notice_is_folded_into_a_dot_until_something_else_is_to_be_said(open_page: Open) -> None:
    room = RecordableRoom(ANA, HOST)
    room.recording = CARD
    page = open_page(room)
    agree = page.get_by_role("button", name="Agree to be recorded")
    expect(agree).to_be_visible()
    notice = page.locator("[data-part=recording]")
    wide = notice.bounding_box()

    page.get_by_role("button", name="Fold the notice of the recording").click()

    expect(agree).to_be_hidden()
    narrow = notice.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["x"] + narrow["width"] < DESK["width"] / 4 < wide["width"]
    expect(notice.get_by_role("status")).to_contain_text(NOTICE)
    page.get_by_role("button", name="Show the notice of the recording").click()
    agree.click()
    page.get_by_role("button", name="Fold the notice of the recording").click()
    room.send(RecordingChanged(seq=room.next_seq(), recording=REFUSED))
    expect(page.get_by_text("You will be in the recording.")).to_be_visible()


def test_guest_is_not_told_that_it_is_recorded_before_and_while_it_is_not(open_page: Open) -> None:
    room = RecordableRoom(ANA, HOST)
    page = open_page(room)
    notice = page.locator("[data-part=recording]")

    room.send(RecordingChanged(seq=room.next_seq(), recording=ANNOUNCED))
    expect(notice).to_contain_text("A recording of this meeting is about to begin.")
    expect(notice).not_to_contain_text(NOTICE)
    room.send(RecordingChanged(seq=room.next_seq(), recording=REFUSED))
    expect(notice).to_contain_text("This meeting is not being recorded.")
    expect(notice).to_contain_text("Recording begins as soon as it can.")
    page.get_by_role("button", name="Agree to be recorded").click()
    expect(notice).to_contain_text("You will be in the recording.")
    room.send(RecordingChanged(seq=room.next_seq(), recording=CARD))
    expect(notice).to_contain_text(NOTICE)
    expect(notice).to_contain_text("You are in the recording.")
    expect(notice).not_to_contain_text("as soon as it can")


def test_recording_that_never_ran_is_not_said_to_have_ended(open_page: Open) -> None:
    room = RecordableRoom(ANA, HOST)
    page = open_page(room)
    notice = page.locator("[data-part=recording]")

    room.send(RecordingChanged(seq=room.next_seq(), recording=REFUSED))
    expect(notice).to_be_visible()
    room.send(RecordingChanged(seq=room.next_seq()))
    expect(notice).to_be_hidden()

    expect(page.locator("[data-part=toasts]")).not_to_contain_text("The recording has ended.")


def test_who_only_listens_is_told_and_asked_nothing(open_page: Open) -> None:
    room = RecordableRoom(LISTENER, HOST)
    room.recording = CARD
    page = open_page(room)

    expect(page.get_by_text(NOTICE)).to_be_visible()
    expect(page.get_by_role("button", name="Agree to be recorded")).to_be_hidden()


def test_host_starts_reads_how_it_fares_and_stops(open_page: Open) -> None:
    room = RecordableRoom(HOST, ANA)
    page = open_page(room)

    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Record the meeting").click()
    expect(page.get_by_text("Everybody in the room is told at once")).to_be_visible()
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_function("() => !document.querySelector('dialog[open]')")
    room.send(RecordingChanged(seq=room.next_seq(), recording=ANNOUNCED))
    expect(page.get_by_text("has not confirmed the recording yet")).to_be_visible()
    room.send(RecordingChanged(seq=room.next_seq(), recording=CARD))
    room.send(status(12_345_678))
    expect(page.get_by_text("12.3 MB, growing")).to_be_visible()
    room.send(status(12_345_678, state="stalled", reason="no_media"))
    expect(page.get_by_text("not growing: nobody who agreed is heard or seen")).to_be_visible()
    room.send(status(12_345_678, state="disk_low", reason="disk"))
    expect(page.get_by_text("the disk of the media server is nearly full")).to_be_visible()
    page.get_by_role("button", name="Stop recording").click()

    page.wait_for_timeout(200)
    assert [len(room.requests(name)) for name in ("start_recording", "stop_recording")] == [1, 1]


def status(size_bytes: int, state: Any = "recording", reason: Any = "") -> RecordingStatus:
    return RecordingStatus(state=state, reason=reason, size_bytes=size_bytes, tracks=2)


@pytest.mark.parametrize(
    ("me", "language", "viewport"),
    [(HOST, "en", PHONE), (HOST, "zh-hans", DESK), (ANA, "zh-hans", PHONE)],
    ids=["host-phone", "host-desk", "guest-phone"],
)
def test_notice_fits_and_can_be_read(
    open_page: Open, viewport: dict[str, int], language: str, me: RosterEntry
) -> None:
    room = RecordableRoom(me, BO)
    room.recording, room.agrees = CARD, True if me is HOST else None
    page = open_page(room, viewport=viewport, language=language)
    expect(page.locator("[data-part=recording]")).to_be_visible()
    room.send(status(12_345_678))
    page.wait_for_timeout(300)

    assert overflow(page) <= 0
    assert find_faults(page) == []
