"""Two people meet: real browser pages, real web process, real relay."""

import os
import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.meetings.room_page.live_site import Planted, Site

pytestmark = [pytest.mark.browser, pytest.mark.process]

WATCHER = """
    window.connections = [];
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
        constructor(...options) { super(...options); window.connections.push(this); }
    };
    window.deviceCount = 0;
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wish) => { window.deviceCount += 1; return open(wish); };
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
RECEIVED = """async () => {
    const totals = {frames: 0, energy: 0};
    for (const connection of window.connections) {
        if (connection.connectionState !== "connected") continue;
        for (const stat of (await connection.getStats()).values()) {
            if (stat.type !== "inbound-rtp") continue;
            totals.frames += stat.framesDecoded ?? 0;
            totals.energy += stat.totalAudioEnergy ?? 0;
        }
    }
    return totals;
}"""


ENCODINGS = """() => window.connections.flatMap((connection) => connection.getSenders())
    .filter(({track}) => track?.kind === "video")
    .flatMap((sender) => sender.getParameters().encodings)
    .filter(({active}) => active).map(({rid}) => rid).join("")"""


def watch(page: Page) -> Page:
    page.add_init_script(WATCHER)
    page.reload()
    return page


def join(page: Page) -> Page:
    """Into the room: the stage alone shows already while the page still connects."""
    page.get_by_role("button", name="Join now").click()
    expect(page.locator("#room")).to_have_attribute("data-phase", "room")
    expect(page.get_by_role("main", name="Stage")).to_be_visible()
    return page


def tile_of(page: Page, name: str) -> Any:
    return page.locator(".tile", has=page.locator(".tile-name", has_text=name))


def wait_for_media(page: Page, *, within_s: float = 15) -> dict[str, float]:
    """Wait until this page has decoded frames and heard sound."""
    end = time.monotonic() + within_s
    while True:
        totals: dict[str, float] = page.evaluate(RECEIVED)
        if totals["frames"] > 10 and totals["energy"] > 0:
            return totals
        assert time.monotonic() < end, f"no sound or picture: {totals}"
        page.wait_for_timeout(100)


def wait_for_picture(page: Page, name: str) -> None:
    expect(tile_of(page, name).locator("video")).to_be_visible(timeout=15_000)


@pytest.fixture
def meeting(site: Site) -> Planted:
    return site.plant("Ana Rojas", "张伟")


@pytest.fixture
def ana(site: Site, browser: Browser, meeting: Planted) -> Any:
    page = join(watch(site.enter_as_guest(browser, meeting, "Ana Rojas")))
    yield page
    assert page.evaluate("window.violations") == []
    page.context.close()


@pytest.fixture
def zhang(site: Site, browser: Browser, meeting: Planted) -> Any:
    page = join(watch(site.enter_as_guest(browser, meeting, "张伟")))
    yield page
    page.context.close()


@pytest.fixture
def host(site: Site, browser: Browser, meeting: Planted) -> Any:
    page = join(watch(site.enter_as_host(browser, meeting)))
    yield page
    page.context.close()


def test_two_people_see_and_hear_each_other(ana: Page, zhang: Page) -> None:
    assert ana.evaluate("window.deviceCount") > 0
    wait_for_picture(ana, "张伟")
    wait_for_picture(zhang, "Ana Rojas")

    of_ana, of_zhang = wait_for_media(ana), wait_for_media(zhang)

    assert of_ana["frames"] > 10
    assert of_zhang["frames"] > 10


def test_picture_is_as_large_as_its_tile_needs(ana: Page, zhang: Page) -> None:
    """The page measures, the relay chooses the layer, the other page encodes what is watched."""
    zhang.set_viewport_size({"width": 1280, "height": 900})
    wait_for_width(zhang, "Ana Rojas", lambda width: width >= 960)
    wait_for_encodings(ana, "lh")

    zhang.set_viewport_size({"width": 330, "height": 330})
    wait_for_width(zhang, "Ana Rojas", lambda width: 0 < width <= 480)
    wait_for_encodings(ana, "l")
    zhang.set_viewport_size({"width": 1280, "height": 900})

    wait_for_encodings(ana, "lh")
    wait_for_width(zhang, "Ana Rojas", lambda width: width >= 960)


def wait_for_width(page: Page, name: str, fits: Callable[[int], bool]) -> None:
    video = tile_of(page, name).locator("video")
    end = time.monotonic() + 20
    while not fits(width := video.evaluate("video => video.videoWidth")):
        assert time.monotonic() < end, f"the picture stays {width} wide"
        page.wait_for_timeout(100)


def wait_for_encodings(page: Page, wanted: str) -> None:
    """Until the camera is sent in these sizes and no others."""
    end = time.monotonic() + 20
    while (sent := page.evaluate(ENCODINGS)) != wanted:
        assert time.monotonic() < end, f"{sent} is sent instead of {wanted}"
        page.wait_for_timeout(100)


def test_chat_goes_both_ways_and_is_counted_until_read(ana: Page, zhang: Page) -> None:
    ana.keyboard.press("c")
    ana.get_by_label("Message to everybody").fill("Slides: https://example.com/a <b>now</b>")
    ana.keyboard.press("Enter")
    expect(zhang.get_by_role("button", name="Chat, 1 new message")).to_be_visible()

    zhang.get_by_role("button", name="Chat, 1 new message").click()
    link = zhang.get_by_role("link", name="https://example.com/a")
    expect(link).to_have_attribute("rel", re.compile("noopener"))
    expect(zhang.get_by_role("log")).to_contain_text("<b>now</b>")
    zhang.get_by_label("Message to everybody").fill("收到")
    zhang.keyboard.press("Enter")

    expect(ana.get_by_role("log")).to_contain_text("收到")
    expect(zhang.locator(".chat-line-pending")).to_have_count(0)


def test_mute_and_camera_off_show_on_the_other_side(ana: Page, zhang: Page) -> None:
    wait_for_picture(zhang, "Ana Rojas")
    tile = tile_of(zhang, "Ana Rojas")
    expect(tile.locator(".tile-muted")).to_be_hidden()

    ana.keyboard.press("m")
    ana.keyboard.press("v")

    expect(ana.get_by_role("button", name="Microphone")).to_have_attribute("aria-pressed", "false")
    expect(tile.locator(".tile-muted")).to_be_visible()
    expect(tile.locator("video")).to_be_hidden()


def test_camera_on_again_brings_the_picture_back(ana: Page, zhang: Page) -> None:
    wait_for_picture(zhang, "Ana Rojas")
    ana.keyboard.press("v")
    expect(tile_of(zhang, "Ana Rojas").locator("video")).to_be_hidden()

    ana.keyboard.press("v")

    wait_for_picture(zhang, "Ana Rojas")


def test_shared_screen_is_shown_large_and_goes_away_again(ana: Page, zhang: Page) -> None:
    wait_for_picture(zhang, "Ana Rojas")

    ana.get_by_role("button", name="Share screen").click()
    wait_for_picture(zhang, "Screen of Ana Rojas")
    expect(zhang.locator(".stage")).to_have_attribute("data-layout", "spotlight")
    ana.get_by_role("button", name="Share screen").click()

    expect(tile_of(zhang, "Screen of Ana Rojas")).to_have_count(0)
    expect(zhang.locator(".stage")).to_have_attribute("data-layout", "pair")


def test_host_mutes_somebody_who_may_unmute_again(ana: Page, host: Page) -> None:
    microphone = ana.get_by_role("button", name="Microphone")
    expect(microphone).to_have_attribute("aria-pressed", "true")
    host.get_by_role("button", name="People").click()

    host.get_by_role("button", name="Mute Ana Rojas").click()
    expect(microphone).to_have_attribute("aria-pressed", "false")
    expect(ana.locator(".toast", has_text="muted your microphone")).to_be_visible()
    expect(tile_of(host, "Ana Rojas").locator(".tile-muted")).to_be_visible()
    microphone.click()

    expect(tile_of(host, "Ana Rojas").locator(".tile-muted")).to_be_hidden()


def test_host_removes_somebody_after_a_question(ana: Page, host: Page) -> None:
    host.get_by_role("button", name="People").click()

    host.get_by_role("button", name="Remove Ana Rojas").click()
    host.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(ana.get_by_role("heading", name="A host has removed you")).to_be_visible()
    expect(tile_of(host, "Ana Rojas")).to_have_count(0)
    ana.reload()
    expect(ana.get_by_role("heading", name="A host has removed you")).to_be_visible()


def test_host_ends_the_meeting_for_everybody(ana: Page, host: Page) -> None:
    host.get_by_role("button", name="Leave", exact=True).click()
    host.get_by_role("button", name="End for everybody").click()
    host.get_by_role("dialog").get_by_role("button", name="End for everybody").click()

    expect(ana.get_by_role("heading", name="The meeting has ended")).to_be_visible()
    expect(host.get_by_role("heading", name="The meeting has ended")).to_be_visible()


def test_guest_leaves_at_once_for_the_goodbye_page(ana: Page, zhang: Page) -> None:
    ana.get_by_role("button", name="Leave", exact=True).click()

    ana.wait_for_url(re.compile("/left/$"))
    expect(tile_of(zhang, "Ana Rojas")).to_have_count(0)


def test_guest_who_comes_back_is_seen_again(
    site: Site, browser: Browser, meeting: Planted, ana: Page, zhang: Page
) -> None:
    wait_for_picture(zhang, "Ana Rojas")
    ana.get_by_role("button", name="Leave", exact=True).click()
    expect(tile_of(zhang, "Ana Rojas")).to_have_count(0)

    again = join(site.enter_as_guest(browser, meeting, "Ana Rojas"))

    wait_for_picture(zhang, "Ana Rojas")
    again.context.close()


def test_second_tab_takes_over_and_the_first_is_told(
    site: Site, browser: Browser, meeting: Planted, ana: Page
) -> None:
    second = join(site.enter_as_guest(browser, meeting, "Ana Rojas"))

    expect(ana.get_by_role("heading", name="You have joined from another tab")).to_be_visible()
    expect(second.get_by_role("main", name="Stage")).to_be_visible()
    second.context.close()


def test_lobby_guest_waits_until_the_host_lets_them_in(site: Site, browser: Browser) -> None:
    meeting = site.plant("Bo Lindqvist", has_lobby=True)
    bo = site.enter_as_guest(browser, meeting, "Bo Lindqvist")
    host = join(site.enter_as_host(browser, meeting))

    bo.get_by_role("button", name="Join now").click()
    expect(bo.get_by_role("heading", name="You are in the lobby")).to_be_visible()
    host.get_by_role("button", name="Show").click()
    host.get_by_role("button", name="Admit Bo Lindqvist").click()

    expect(bo.get_by_role("main", name="Stage")).to_be_visible()
    wait_for_picture(host, "Bo Lindqvist")
    for page in (bo, host):
        page.context.close()


def test_attendee_of_a_launch_walks_in_without_devices(site: Site, browser: Browser) -> None:
    meeting = site.plant("Jo Attendee", kind="launch")
    host = join(site.enter_as_host(browser, meeting))
    jo = watch(site.enter_as_guest(browser, meeting, "Jo Attendee"))

    join(jo)
    wait_for_media(jo)

    assert jo.evaluate("window.deviceCount") == 0
    expect(jo.get_by_role("button", name="Microphone")).to_have_count(0)
    for page in (jo, host):
        page.context.close()


def test_lost_socket_is_taken_up_again_with_what_was_missed(ana: Page, zhang: Page) -> None:
    wait_for_picture(zhang, "Ana Rojas")
    zhang.context.set_offline(True)
    zhang.evaluate("dispatchEvent(new Event('offline'))")
    ana.keyboard.press("c")
    ana.get_by_label("Message to everybody").fill("Did you get this?")
    ana.keyboard.press("Enter")
    zhang.context.set_offline(False)

    zhang.get_by_role("button", name="Chat").click()

    expect(zhang.get_by_role("log")).to_contain_text("Did you get this?", timeout=30_000)


def test_line_on_which_nothing_arrives_is_said_before_the_browser_notices(
    site: Site, ana: Page, zhang: Page
) -> None:
    for page in (ana, zhang):
        wait_for_media(page)

    os.kill(site.relay.pid, signal.SIGSTOP)
    try:
        for page in (ana, zhang):
            expect(page.get_by_text("Nothing arrives at the moment.")).to_be_visible()
    finally:
        os.kill(site.relay.pid, signal.SIGCONT)

    for page in (ana, zhang):
        expect(page.get_by_text("Nothing arrives at the moment.")).to_be_hidden()


def test_killed_relay_comes_back_and_so_do_sound_and_picture(
    site: Site, ana: Page, zhang: Page
) -> None:
    wait_for_media(ana)
    site.relay.kill()
    expect(ana.get_by_text("Sound and picture are interrupted")).to_be_visible()
    before = ana.evaluate("window.connections.length")

    site.start_relay()
    started = time.monotonic()
    wait_for_media(ana)
    wait_for_media(zhang)

    assert time.monotonic() - started < 8
    assert ana.evaluate("window.connections.length") > before
    expect(ana.get_by_text("Sound and picture are interrupted")).to_be_hidden()
