"""A camera arrives in its own size, whatever it is."""

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.meetings.room_page.conftest import CHROMIUM, FAKE_DEVICES
from tests.meetings.room_page.live_site import Planted, Site
from tests.meetings.room_page.test_call import join, tile_of, watch

pytestmark = [pytest.mark.browser, pytest.mark.process]

SIZE = "video => [video.videoWidth, video.videoHeight]"
RIDS = """() => window.connections.flatMap((connection) => connection.getSenders())
    .filter(({track}) => track?.kind === "video")
    .flatMap((sender) => sender.getParameters().encodings.map(({rid}) => rid ?? ""))"""
# A camera that can be exchanged for another one while the page is open.
PLUGGED_IN = """
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.plugIn = (width, height) => (window.pluggedIn = [width, height]);
    window.plugIn(640, 480);
    navigator.mediaDevices.getUserMedia = async (wish) => {
        const stream = await open({audio: true});
        if (!wish.audio) stream.getTracks().forEach((track) => stream.removeTrack(track));
        if (!wish.video) return stream;
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = window.pluggedIn;
        const pen = canvas.getContext("2d");
        setInterval(() => {
            for (let x = 0; x < canvas.width; x += canvas.width / 16) {
                pen.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
                pen.fillRect(x, 0, canvas.width / 16, canvas.height);
            }
        }, 33);
        stream.addTrack(canvas.captureStream(30).getVideoTracks()[0]);
        return stream;
    };
"""


@pytest.fixture(scope="module")
def meeting(site: Site) -> Planted:
    return site.plant("Ana Rojas")


@pytest.fixture(scope="module")
def host(site: Site, browser: Browser, meeting: Planted) -> Any:
    page = join(site.enter_as_host(browser, meeting, viewport={"width": 1280, "height": 900}))
    yield page
    page.context.close()


@pytest.mark.parametrize(("width", "height"), [(640, 480), (640, 360), (320, 180)])
def test_small_camera_arrives_in_its_own_size(
    site: Site,
    playwright: Playwright,
    meeting: Planted,
    host: Page,
    tmp_path: Path,
    width: int,
    height: int,
) -> None:
    film = write_film(tmp_path / "camera.y4m", width, height)
    flags = [*FAKE_DEVICES, f"--use-file-for-fake-video-capture={film}"]
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    try:
        ana = join(site.enter_as_guest(chromium, meeting, "Ana Rojas"))

        assert ana.locator(".tile-self video").evaluate(SIZE) == [width, height]
        wait_for_size(host, "Ana Rojas", width, height)
    finally:
        chromium.close()


def test_other_camera_in_the_middle_of_a_call_arrives_in_its_own_size(
    site: Site, browser: Browser, meeting: Planted, host: Page
) -> None:
    ana = site.enter_as_guest(browser, meeting, "Ana Rojas")
    ana.add_init_script(PLUGGED_IN)
    join(watch(ana))
    wait_for_size(host, "Ana Rojas", 640, 480)
    offered = []

    for width, height in ((320, 180), (360, 640), (1280, 720)):
        ana.evaluate("size => window.plugIn(...size)", [width, height])
        for is_on in ("false", "true"):
            camera = ana.get_by_role("button", name="Camera", exact=True)
            camera.click()
            expect(camera).to_have_attribute("aria-pressed", is_on)
        wait_for_size(host, "Ana Rojas", width, height, at_least_in_part=width == 1280)
        offered.append(ana.evaluate(RIDS))

    assert offered == [[""], ["l", "h"], ["l", "m", "h"]]
    ana.context.close()


def write_film(path: Path, width: int, height: int) -> Path:
    """Two pictures, one dark and one bright, of which Chromium makes an endless film."""
    chroma = bytes((128,)) * (width // 2 * (height // 2) * 2)
    pictures = (bytes((grey,)) * (width * height) + chroma for grey in (60, 180))
    head = f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420\n".encode()
    path.write_bytes(head + b"".join(b"FRAME\n" + picture for picture in pictures))
    return path


def wait_for_size(
    page: Page, name: str, width: int, height: int, *, at_least_in_part: bool = False
) -> None:
    """With `at_least_in_part` a half or a quarter will do: how soon a browser sends the largest of
    three sizes is its own affair."""
    wanted = [[width // part, height // part] for part in ((1, 2, 4) if at_least_in_part else (1,))]
    end = time.monotonic() + 30
    while (size := tile_of(page, name).locator("video").evaluate(SIZE)) not in wanted:
        assert time.monotonic() < end, f"{width} x {height} is wanted, it stays {size}"
        page.wait_for_timeout(100)
