"""A call between Firefox and Chromium: whatever one of them does reaches the other."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.browser_driver import CHROMIUM, FIREFOX, Tab, driven
from tests.meetings.room_page.live_site import Planted, Site
from tests.meetings.room_page.test_call import RECEIVED
from tests.system.actors import WATCHER

pytestmark = [pytest.mark.browser, pytest.mark.firefox, pytest.mark.process]

CUT_S = 10.0
NAMES = {FIREFOX: "Fiona Fuchs", CHROMIUM: "陈晨"}
IN_ROOM = "document.getElementById('room').dataset.phase === 'room'"
REMOTE_PROTOCOLS = """(async () => {
    const found = [];
    for (const connection of window.connections) {
        if (connection.connectionState !== "connected") continue;
        const stats = await connection.getStats();
        for (const pair of stats.values()) {
            if (pair.type === "candidate-pair" && pair.nominated && pair.state === "succeeded") {
                found.push(stats.get(pair.remoteCandidateId).protocol);
            }
        }
    }
    return found.join(" ");
})()"""


@dataclass
class Call:
    """The tabs of the two, by browser."""

    meeting: Planted
    tabs: dict[str, Tab]

    def other(self, browser: str) -> Tab:
        return self.tabs[CHROMIUM if browser == FIREFOX else FIREFOX]

    def seat_in(self, browser: str) -> str:
        return self.meeting.guests[NAMES[browser]]["seat"]

    def picture(self, browser: str, source: str = "camera") -> str:
        """The expression for: the picture of whoever sits in this browser can be seen."""
        tile = f'.tile[data-seat="{self.seat_in(browser)}"][data-source={source}] video'
        return f"document.querySelector('{tile}')?.checkVisibility() ?? false"

    def count_frames(self) -> dict[str, float]:
        """What each has decoded on the connections that are up, by browser."""
        return {name: tab.evaluate(f"({RECEIVED})()")["frames"] for name, tab in self.tabs.items()}

    def wait_for_media(self) -> None:
        for browser in NAMES:
            self.other(browser).until(self.picture(browser))
        for tab in self.tabs.values():
            wait_for_more(tab)


def within_patience(promise: str) -> str:
    """Firefox leaves statistics unanswered whose connection is closed while they are asked for."""
    return f"Promise.race([{promise}, new Promise((give) => setTimeout(give, 2_000, null))])"


def count_media(tab: Tab) -> dict[str, float]:
    counted: dict[str, float] = tab.until(within_patience(f"({RECEIVED})()"))
    return counted


def wait_for_more(tab: Tab, *, within_s: float = 20) -> None:
    """Until the page decodes further frames and hears further sound."""
    before, end = None, time.monotonic() + within_s
    while True:
        now = count_media(tab)
        before = before or now
        # A connection that was made anew counts from 0.
        if now["frames"] < before["frames"]:
            before = now
        if now["frames"] > before["frames"] + 10 and now["energy"] > before["energy"]:
            return
        assert time.monotonic() < end, f"no further sound or picture: {before}, {now}"
        time.sleep(0.1)


def join(tab: Tab) -> None:
    tab.click("[data-part=join]")
    tab.until(IN_ROOM)


@pytest.fixture(scope="module")
def call(site: Site) -> Iterator[Call]:
    meeting = site.plant(*NAMES.values())
    with driven(FIREFOX) as firefox, driven(CHROMIUM) as chromium:
        tabs = {
            name: site.drive_guest(driver, meeting, NAMES[name], script=WATCHER)
            for name, driver in ((FIREFOX, firefox), (CHROMIUM, chromium))
        }
        for tab in tabs.values():
            join(tab)
        yield Call(meeting, tabs)


def test_firefox_and_chromium_see_and_hear_each_other(call: Call) -> None:
    call.wait_for_media()

    for tab in call.tabs.values():
        assert tab.evaluate("window.violations") == []
        assert [line for line in tab.heard() if line.startswith("error")] == []


@pytest.mark.parametrize("writer", NAMES)
def test_chat_line_reaches_the_other_browser(call: Call, writer: str) -> None:
    tab, text = call.tabs[writer], f"Hello from {writer}"

    tab.press("c")
    tab.click("[data-part=chat-text]")
    tab.write(text)
    tab.press("Enter")

    lines = "document.querySelector('[data-part=chat-lines]').textContent"
    call.other(writer).until(f"{lines}.includes('{text}')")
    tab.click("[data-part=panel-close]")


@pytest.mark.parametrize("sharer", NAMES)
def test_shared_screen_is_seen_in_the_other_browser_until_it_ends(call: Call, sharer: str) -> None:
    other, screen = call.other(sharer), call.picture(sharer, "screen")

    call.tabs[sharer].click("button[data-part=screen]")
    other.until(screen)
    call.tabs[sharer].click("button[data-part=screen]")

    other.until(f"!({screen})")
    call.wait_for_media()


@pytest.mark.parametrize("reloaded", NAMES)
def test_page_that_is_loaded_anew_is_in_the_call_again(call: Call, reloaded: str) -> None:
    call.tabs[reloaded].reload()
    join(call.tabs[reloaded])

    call.wait_for_media()


def test_cut_of_ten_seconds_is_over_when_the_network_is_back(site: Site, call: Call) -> None:
    """Neither server answers; what the pages send meanwhile is kept by nobody but the kernel."""
    call.wait_for_media()
    servers = (site.web.pid, site.relay.pid)

    for pid in servers:
        os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(CUT_S / 2)  # the length of the cut is what is tested
        halfway = call.count_frames()
        time.sleep(CUT_S / 2)
        last = call.count_frames()
    finally:
        for pid in servers:
            os.kill(pid, signal.SIGCONT)

    assert all(last[browser] <= halfway[browser] for browser in NAMES)
    call.wait_for_media()


def test_call_goes_on_over_tcp_where_udp_is_blocked(site: Site, call: Call) -> None:
    site.relay.kill()
    site.start_relay("--tcp-only")
    try:
        call.wait_for_media()

        for tab in call.tabs.values():
            tab.until(within_patience(f"{REMOTE_PROTOCOLS}.then((found) => found === 'tcp tcp')"))
    finally:
        site.relay.kill()
        site.start_relay()
