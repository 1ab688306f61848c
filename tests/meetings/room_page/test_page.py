"""The page by itself, with a small room server inside the test: what it shows and asks."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from meetings.room_protocol import (
    ForceMute,
    LobbyChanged,
    LobbyEntry,
    MeetingLive,
    ParticipantJoined,
    PathQuality,
    RelayLost,
    RelayReady,
    RoomQuality,
    SeatQuality,
    SeatTalk,
    TalkTimes,
    VideoName,
    VideosPaused,
)
from tests.meetings.room_page.fake_room import FakeRoom, make_entry
from tests.meetings.room_page.live_site import Planted, Site

pytestmark = [pytest.mark.browser, pytest.mark.process]

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
VOICE = """
    // A microphone that never pauses; the browser's own fake only beeps now and then.
    navigator.mediaDevices.getUserMedia = async () => {
        const context = new AudioContext();
        const destination = context.createMediaStreamDestination();
        const oscillator = new OscillatorNode(context, {frequency: 300});
        oscillator.connect(destination);
        oscillator.start();
        addEventListener("click", () => context.resume());
        const canvas = document.createElement("canvas");
        canvas.getContext("2d").fillRect(0, 0, 10, 10);
        const [picture] = canvas.captureStream(5).getVideoTracks();
        return new MediaStream([...destination.stream.getTracks(), picture]);
    };
"""
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}

ANA = make_entry("Ana Rojas", microphone=True, camera=True)
HOST = make_entry("Li Wei", "host", microphone=True)
BO = make_entry("Bo Lindqvist", microphone=True)
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def meeting(site: Site) -> Planted:
    return site.plant("Ana Rojas")


@pytest.fixture
def open_page(site: Site, browser: Browser, meeting: Planted) -> Any:
    """Open the room's page against a fake room; close everything afterwards."""
    pages: list[Page] = []

    def open_it(room: FakeRoom, *, is_joined: bool = True, **options: Any) -> Page:
        options.setdefault("viewport", DESK)
        context = browser.new_context(**options)
        cookie = meeting.guests["Ana Rojas"]
        context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": site.base}])
        page = context.new_page()
        pages.append(page)
        room.attach(page)
        page.goto(meeting.url)
        if is_joined:
            page.get_by_role("button", name="Join now").click()
        return page

    yield open_it
    for page in pages:
        page.context.close()


def find_faults(page: Page) -> list[str]:
    """What axe calls serious or worse."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


# --- Before the room ------------------------------------------------------------------------------


def test_prejoin_shows_preview_devices_and_level(open_page: Open) -> None:
    page = open_page(FakeRoom(ANA), is_joined=False)

    expect(page.locator(".preview-video")).to_be_visible()
    expect(page.get_by_label("Microphone").locator("option")).not_to_have_count(0)
    expect(page.get_by_label("Camera").locator("option")).not_to_have_count(0)
    expect(page.get_by_text("Your microphone works")).to_be_visible(timeout=10_000)


def test_prejoin_choices_are_taken_into_the_room(open_page: Open) -> None:
    room = FakeRoom(ANA)
    page = open_page(room, is_joined=False)
    expect(page.locator(".preview-video")).to_be_visible()

    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Microphone").click()
    page.get_by_role("button", name="Join now").click()

    expect(page.get_by_role("button", name="Camera")).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(300)
    reported = {message.source: message.enabled for message in room.requests("set_source")}
    assert reported == {"microphone": False, "camera": False}


def test_refused_devices_are_explained_and_joining_works_without(
    site: Site, browser_without_devices: Browser, meeting: Planted
) -> None:
    page = site.enter_as_guest(browser_without_devices, meeting, "Ana Rojas")
    FakeRoom(ANA).attach(page)
    page.reload()

    notices = page.get_by_role("alert")
    expect(notices).to_have_count(2)
    expect(notices.first).to_contain_text("microphone is blocked for this page")
    expect(notices.last).to_contain_text("camera is blocked for this page")
    expect(notices.first.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("button", name="Join now").click()

    expect(page.get_by_role("main", name="Stage")).to_be_visible()
    page.context.close()


def test_lobby_page_goes_on_by_itself(open_page: Open) -> None:
    room = FakeRoom(ANA)
    room.waits_at = 2
    page = open_page(room)
    expect(page.get_by_text("You are number 2 in the row.")).to_be_visible()

    room.admit()

    expect(page.get_by_role("main", name="Stage")).to_be_visible()


def test_guest_before_the_room_opens_is_told_when_and_goes_on_by_itself(open_page: Open) -> None:
    room = FakeRoom(ANA)
    room.opens_at = "2026-05-04T07:30:00+00:00"
    page = open_page(room)
    expect(page.get_by_role("heading", name="The room is not open yet")).to_be_focused()
    expect(page.get_by_text(re.compile(r"It opens: 4 May 2026, \d\d:30 \(.+\)\."))).to_be_visible()

    room.admit()

    expect(page.get_by_role("main", name="Stage")).to_be_visible()


# --- In the room ----------------------------------------------------------------------------------


def test_newcomer_gets_a_tile_and_is_announced(open_page: Open) -> None:
    room = FakeRoom(ANA, HOST)
    page = open_page(room)
    expect(page.locator(".tile")).to_have_count(2)

    fields = {name: getattr(BO, name) for name in BO.__dataclass_fields__}
    room.send(ParticipantJoined(seq=room.next_seq(), **fields))

    expect(page.locator(".tile")).to_have_count(3)
    expect(page.get_by_role("status").filter(has_text="Bo Lindqvist joined.")).to_have_count(1)


def test_host_sees_who_waits_and_admits_all(open_page: Open) -> None:
    room = FakeRoom(HOST)
    page = open_page(room)
    expect(page.locator(".tile")).to_have_count(1)
    waiting = [make_entry("Jo One"), make_entry("Jo Two")]

    room.send(
        LobbyChanged(
            lobby=tuple(LobbyEntry(seat=w.seat, display_name=w.display_name) for w in waiting)
        )
    )
    page.get_by_role("button", name="Show").click()
    page.get_by_role("button", name="Admit all").click()
    page.wait_for_timeout(300)

    assert [message.seat for message in room.requests("admit")] == [w.seat for w in waiting]


def test_rehearsal_is_said_until_the_meeting_is_live(open_page: Open) -> None:
    room = FakeRoom(HOST)
    room.is_live = False
    page = open_page(room)
    line = page.get_by_text("Rehearsal: guests wait outside")
    expect(line).to_be_visible()

    room.send(MeetingLive())

    expect(line).to_be_hidden()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("dialog", name="Leave or end the meeting?")).to_be_visible()


def test_host_leaves_a_rehearsal_at_once(open_page: Open) -> None:
    room = FakeRoom(HOST)
    room.is_live = False
    page = open_page(room)
    expect(page.get_by_text("Rehearsal: guests wait outside")).to_be_visible()

    page.get_by_role("button", name="Leave").click()

    expect(page).to_have_url(re.compile("/left/"))
    assert len(room.requests("leave")) == 1


def test_guest_has_no_host_controls(open_page: Open) -> None:
    page = open_page(FakeRoom(ANA, HOST, BO))

    page.get_by_role("button", name="People").click()

    expect(page.get_by_role("listitem").filter(has_text="Bo Lindqvist")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^(Mute|Remove) "))).to_have_count(0)


def test_forced_mute_switches_off_and_says_by_whom(open_page: Open) -> None:
    room = FakeRoom(ANA, HOST)
    page = open_page(room)
    microphone = page.get_by_role("button", name="Microphone")
    expect(microphone).to_have_attribute("aria-pressed", "true")

    room.send(ForceMute(source="microphone", by=HOST.seat))

    expect(microphone).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".toast", has_text="Li Wei muted your microphone")).to_be_visible()


def test_talking_while_muted_is_noticed_and_undone_with_one_click(open_page: Open) -> None:
    page = open_page(FakeRoom(ANA, HOST), is_joined=False)
    page.add_init_script(VOICE)
    page.reload()
    page.get_by_role("button", name="Join now").click()
    microphone = page.get_by_role("button", name="Microphone")
    expect(microphone).to_have_attribute("aria-pressed", "true")

    page.keyboard.press("m")
    toast = page.locator(".toast", has_text="You are talking while muted")
    expect(toast).to_be_visible(timeout=15_000)
    toast.get_by_role("button", name="Unmute").click()

    expect(microphone).to_have_attribute("aria-pressed", "true")
    expect(toast).to_have_count(0)


def test_chat_line_that_was_refused_can_be_sent_again_under_the_same_id(open_page: Open) -> None:
    room = FakeRoom(ANA, HOST)
    room.refuses_chat = "This was not saved. Please try again."
    page = open_page(room)
    page.get_by_role("button", name="Chat").click()
    page.get_by_label("Message to everybody").fill("Hello")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not sent.")).to_be_visible()
    room.refuses_chat = None

    page.get_by_role("button", name="Send again").click()

    expect(page.get_by_text("Not sent.")).to_be_hidden()
    expect(page.locator(".chat-line")).to_have_count(1)
    assert len({message.client_id for message in room.requests("send_chat")}) == 1


def test_enter_that_ends_a_composition_sends_nothing(open_page: Open) -> None:
    room = FakeRoom(ANA, HOST)
    page = open_page(room)
    page.get_by_role("button", name="Chat").click()
    field = page.get_by_label("Message to everybody")
    field.fill("你好")

    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    before = list(room.requests("send_chat"))
    page.keyboard.press("Enter")
    expect(page.locator(".chat-line")).to_have_count(1)

    assert before == []


def test_letters_in_the_chat_switch_nothing(open_page: Open) -> None:
    page = open_page(FakeRoom(ANA, HOST))
    microphone = page.get_by_role("button", name="Microphone")
    expect(microphone).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("c")
    field = page.get_by_label("Message to everybody")
    expect(field).to_be_focused()

    page.keyboard.type("mcvp")

    expect(field).to_have_value("mcvp")
    expect(microphone).to_have_attribute("aria-pressed", "true")


def test_closing_the_panel_gives_the_focus_back(open_page: Open) -> None:
    page = open_page(FakeRoom(ANA, HOST))
    page.get_by_role("button", name="People").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="People")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="People")).to_be_focused()


def test_pinned_tile_stands_large(open_page: Open) -> None:
    page = open_page(FakeRoom(ANA, HOST, BO))
    expect(page.locator(".stage")).to_have_attribute("data-layout", "grid")

    page.get_by_role("button", name="Pin Bo Lindqvist").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".stage-main .tile")).to_have_count(1)
    expect(page.locator(".stage-main .tile-name")).to_have_text("Bo Lindqvist")


# --- When something fails -------------------------------------------------------------------------


def test_lost_relay_is_said_and_the_chat_goes_on(open_page: Open) -> None:
    room = FakeRoom(ANA, HOST)
    page = open_page(room)
    expect(page.locator(".tile")).to_have_count(2)

    room.send(RelayLost())
    expect(page.get_by_text("Sound and picture are interrupted")).to_be_visible()
    page.get_by_role("button", name="Chat").click()
    room.say(HOST, "One moment please")
    expect(page.get_by_role("log")).to_contain_text("One moment please")
    room.send(RelayReady())

    expect(page.get_by_text("Sound and picture are interrupted")).to_be_hidden()


def test_lost_socket_is_said_and_resumed_with_what_was_missed(open_page: Open) -> None:
    room = FakeRoom(ANA, HOST)
    page = open_page(room)
    expect(page.locator(".tile")).to_have_count(2)
    room.is_reachable = False
    room.close(1012)
    expect(page.get_by_text("The connection to the room is interrupted.")).to_be_visible()

    # After three attempts the page waits for two seconds by itself: time to press the button.
    deadline = time.monotonic() + 10
    while room.socket_count < 4 and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    assert room.socket_count == 4
    room.is_reachable = True
    page.get_by_role("button", name="Try now").click()

    expect(page.get_by_text("The connection to the room is interrupted.")).to_be_hidden()
    assert [message.resume_seq for message in room.requests("hello")] == [None, 10]


@pytest.mark.parametrize(
    ("code", "heading", "way_forward"),
    [
        (4001, "Your seat is not known any more", "Load the page again"),
        (4003, "A host has removed you from this meeting", "To the page of the meeting"),
        (4009, "You have joined from another tab or device", "Join here instead"),
        (4010, "The meeting has ended", "Continue"),
    ],
)
def test_closed_room_says_why_and_shows_a_way_forward(
    open_page: Open, code: int, heading: str, way_forward: str
) -> None:
    room = FakeRoom(ANA, HOST)
    page = open_page(room)
    expect(page.locator(".tile")).to_have_count(2)

    room.close(code)

    expect(page.get_by_role("heading", name=heading)).to_be_focused()
    expect(page.get_by_text(way_forward, exact=True)).to_be_visible()
    live = "document.querySelector('[data-part=preview-video]').srcObject?.active ?? false"
    assert page.evaluate(live) is False, "the camera is still on"


# --- For everybody --------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_every_state_of_the_page_is_accessible(
    open_page: Open, scheme: str, viewport: dict[str, int]
) -> None:
    room = FakeRoom(HOST, ANA, BO)
    room.lobby = [LobbyEntry(seat=make_entry("Jo").seat, display_name="Jo")]
    # Without motion, so that nothing is measured while it fades in.
    page = open_page(
        room,
        is_joined=False,
        color_scheme=scheme,
        viewport=viewport,
        reduced_motion="reduce",
    )
    expect(page.locator(".preview-video")).to_be_visible()
    faults = {"prejoin": find_faults(page)}

    page.get_by_role("button", name="Join now").click()
    expect(page.locator(".tile")).to_have_count(3)
    faults["room"] = find_faults(page)
    page.keyboard.press("c")
    room.say(ANA, "Hello https://example.com")
    expect(page.locator(".chat-line")).to_have_count(1)
    faults["chat"] = find_faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    faults["people"] = find_faults(page)
    page.keyboard.press("?")
    faults["shortcuts"] = find_faults(page)
    page.keyboard.press("Escape")
    room.close(4010)
    expect(page.get_by_role("heading", name="The meeting has ended")).to_be_visible()
    faults["ending"] = find_faults(page)

    assert faults == {state: [] for state in faults}


def test_view_is_told_with_the_sizes_of_the_tiles_and_again_when_they_change(
    open_page: Open,
) -> None:
    room = FakeRoom(ANA, HOST, BO)
    page = open_page(room, viewport=DESK)
    wait_until(page, lambda: bool(room.requests("set_view")))
    before = {tile.seat: tile for tile in room.requests("set_view")[-1].tiles}

    page.locator(f'.tile[data-seat="{BO.seat}"] [data-part="pin"]').click()

    def stage() -> list[Any]:
        return [tile for tile in room.requests("set_view")[-1].tiles if tile.is_stage]

    wait_until(page, lambda: bool(stage()))
    assert set(before) == {HOST.seat, BO.seat}
    assert not any(tile.is_stage for tile in before.values())
    assert [tile.seat for tile in stage()] == [BO.seat]
    assert stage()[0].width > before[BO.seat].width > 100


def test_paused_video_says_why_until_it_comes_back(open_page: Open) -> None:
    room = FakeRoom(ANA, HOST, BO)
    page = open_page(room, viewport=DESK)
    sentence = page.get_by_text("Your connection is too slow for this video.")
    expect(page.locator(".tile")).to_have_count(3)

    room.send(VideosPaused(videos=(VideoName(seat=BO.seat, source="camera"),)))

    expect(sentence.filter(visible=True)).to_have_count(1)
    expect(page.locator(f'.tile[data-seat="{BO.seat}"] [data-part="paused"]')).to_be_visible()
    room.send(VideosPaused(videos=()))
    expect(sentence.filter(visible=True)).to_have_count(0)


def wait_until(page: Page, check: Callable[[], bool], limit_s: float = 10) -> None:
    for _ in range(int(limit_s / 0.05)):
        if check():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within {limit_s} s")


@pytest.mark.parametrize("width", [320, 360, 768, 1024, 3840])
def test_nothing_is_wider_than_the_screen(open_page: Open, width: int) -> None:
    viewport = {"width": width, "height": 740 if width < 3000 else 2160}
    page = open_page(
        FakeRoom(HOST, ANA, BO, title="A very long title " * 6), is_joined=False, viewport=viewport
    )
    before = overflow(page)
    page.get_by_role("button", name="Join now").click()
    expect(page.locator(".tile")).to_have_count(3)
    in_room = overflow(page)
    leave = page.get_by_role("button", name="Leave", exact=True).bounding_box()
    chat = page.get_by_role("button", name="Chat").bounding_box()

    assert (before, in_room) == (0, 0)
    for box in (leave, chat):
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("panel", ["Chat", "People"])
def test_open_panel_on_a_phone_leaves_mute_and_leave_in_reach(open_page: Open, panel: str) -> None:
    page = open_page(FakeRoom(ANA, HOST, BO), viewport=PHONE)
    page.get_by_role("button", name=panel).click()
    opened = page.locator(".panel").bounding_box()
    assert opened is not None
    assert opened["height"] > PHONE["height"] / 2

    microphone = page.get_by_role("button", name="Microphone", exact=True)
    expect(microphone).to_have_attribute("aria-pressed", "true")
    microphone.click()

    expect(microphone).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Leave", exact=True).click(trial=True)


def test_page_breaks_no_rule_of_the_content_policy(open_page: Open) -> None:
    room = FakeRoom(ANA, HOST, BO)
    page = open_page(room, is_joined=False)
    page.evaluate(
        "window.violations = []; document.addEventListener('securitypolicyviolation', "
        "(event) => window.violations.push(event.violatedDirective + event.blockedURI))"
    )

    page.get_by_role("button", name="Join now").click()
    page.keyboard.press("c")
    room.say(HOST, "Hello")
    expect(page.locator(".chat-line")).to_have_count(1)

    assert page.evaluate("window.violations") == []


def make_path(kbps: int, loss_percent: int, jitter_ms: int = 4) -> PathQuality:
    return PathQuality(bitrate_kbps=kbps, loss_percent=loss_percent, jitter_ms=jitter_ms)


def test_host_sees_how_well_people_are_connected_with_the_figures(open_page: Open) -> None:
    room = FakeRoom(HOST, ANA, BO)
    page = open_page(room)
    page.get_by_role("button", name=re.compile("People")).click()
    expect(page.locator(".roster-row:visible")).to_have_count(3)
    marks = page.locator(".roster-row .bars:visible")
    expect(marks).to_have_count(3)
    page.get_by_role("button", name="Ana Rojas: No figures at the moment").click()
    figures = page.locator(".roster-figures:visible")
    expect(figures).to_have_text(["No figures at the momentThey come once sound or picture flow."])
    page.keyboard.press("Enter")
    expect(figures).to_have_count(0)

    room.send(
        RoomQuality(
            seats=(
                SeatQuality(
                    seat=ANA.seat,
                    candidate="host",
                    round_trip_ms=38,
                    up=make_path(1480, 0),
                    down=make_path(2210, 1),
                ),
                SeatQuality(
                    seat=BO.seat,
                    candidate="tcp",
                    round_trip_ms=212,
                    up=make_path(140, 2),
                    down=make_path(320, 12, 64),
                ),
            )
        )
    )

    expect(marks).to_have_count(3)
    ana = page.get_by_role("button", name="Ana Rojas: Good connection")
    bo = page.get_by_role("button", name="Bo Lindqvist: Poor connection")
    expect(figures).to_have_count(0)
    bo.click()
    ana.focus()
    page.keyboard.press("Enter")
    expect(ana).to_have_attribute("aria-expanded", "true")
    assert figures.all_inner_texts() == [
        "Good connection\nRound trip 38 ms\nSends 1,480 kbit/s, 0% lost, jitter 4 ms\n"
        "Receives 2,210 kbit/s, 1% lost, jitter 4 ms\nDirectly over UDP",
        "Poor connection\nRound trip 212 ms\nSends 140 kbit/s, 2% lost, jitter 4 ms\n"
        "Receives 320 kbit/s, 12% lost, jitter 64 ms\nOver TCP: the network blocks UDP",
    ]
    assert find_faults(page) == []
    ana.press("Space")
    expect(figures).to_have_count(1)


def test_host_sees_how_long_people_have_talked(open_page: Open) -> None:
    room = FakeRoom(HOST, ANA, BO)
    page = open_page(room)
    page.get_by_role("button", name=re.compile("People")).click()

    room.send(TalkTimes(seats=(SeatTalk(seat=ANA.seat, talked_s=605),)))

    ana = page.locator(".roster-row", has_text="Ana Rojas")
    expect(ana).to_contain_text("Presenter talked 10:05")
    expect(page.locator(".roster-row", has_text="Bo Lindqvist")).not_to_contain_text("talked")
