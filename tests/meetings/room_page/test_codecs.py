"""A page that prefers VP9 sends it, until somebody comes who cannot watch it."""

import time

import pytest
from playwright.sync_api import Browser, Page

from tests.meetings.room_page.live_site import Site
from tests.meetings.room_page.test_call import WATCHER, join, wait_for_picture

pytestmark = [pytest.mark.browser, pytest.mark.process]

PREFERS_VP9 = """
    const add = RTCPeerConnection.prototype.addTransceiver;
    RTCPeerConnection.prototype.addTransceiver = function (track, options) {
        const transceiver = add.call(this, track, options);
        if (track.kind === "video") {
            const {codecs} = RTCRtpSender.getCapabilities("video");
            const isVp9 = ({mimeType}) => mimeType === "video/VP9";
            transceiver.setCodecPreferences(
                [...codecs.filter(isVp9), ...codecs.filter((codec) => !isVp9(codec))]);
        }
        return transceiver;
    };
"""
DECODES_NO_VP9 = """
    const answer = RTCPeerConnection.prototype.createAnswer;
    RTCPeerConnection.prototype.createAnswer = function () {
        const {codecs} = RTCRtpReceiver.getCapabilities("video");
        for (const transceiver of this.getTransceivers()) {
            if (transceiver.receiver.track.kind === "video") {
                transceiver.setCodecPreferences(
                    codecs.filter(({mimeType}) => mimeType !== "video/VP9"));
            }
        }
        return answer.call(this);
    };
"""
DECODED = """async () => {
    const frames = {};
    for (const connection of window.connections) {
        if (connection.connectionState !== "connected") continue;
        const stats = await connection.getStats();
        for (const stat of stats.values()) {
            if (stat.type !== "inbound-rtp" || stat.kind !== "video") continue;
            const codec = stats.get(stat.codecId)?.mimeType ?? "";
            frames[codec] = (frames[codec] ?? 0) + stat.framesDecoded;
        }
    }
    return frames;
}"""


def enter(page: Page, *scripts: str) -> Page:
    for script in (WATCHER, *scripts):
        page.add_init_script(script)
    page.reload()
    return join(page)


def wait_for_frames(page: Page, codec: str, *, more: int = 30, within_s: float = 25) -> None:
    """Until so many more pictures came in this codec."""
    wanted = page.evaluate(DECODED).get(codec, 0) + more
    end = time.monotonic() + within_s
    while (frames := page.evaluate(DECODED)).get(codec, 0) < wanted:
        assert time.monotonic() < end, f"{wanted} frames of {codec} wanted, decoded are {frames}"
        page.wait_for_timeout(100)


def test_page_that_prefers_vp9_sends_it_until_somebody_cannot_decode_it(
    site: Site, browser: Browser
) -> None:
    meeting = site.plant("Ana Rojas", "张伟", "Li Na")
    ana = enter(site.enter_as_guest(browser, meeting, "Ana Rojas"), PREFERS_VP9)
    zhang = enter(site.enter_as_guest(browser, meeting, "张伟"))
    for page in (ana, zhang):  # the codec of the first picture is the room's
        wait_for_frames(page, "video/VP9")

    li = enter(site.enter_as_guest(browser, meeting, "Li Na"), DECODES_NO_VP9)

    for page in (li, ana, zhang):
        wait_for_frames(page, "video/VP8", more=60)
    assert "video/VP9" not in li.evaluate(DECODED)
    for name in ("Ana Rojas", "张伟"):
        wait_for_picture(li, name)
    for page in (ana, zhang, li):
        page.context.close()
