"""A relay is stopped in order while two browsers are in a call: the call moves to the other one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.meetings.room_page.live_site import Site, running_site
from tests.meetings.room_page.test_call import join, wait_for_media, watch

pytestmark = [pytest.mark.browser, pytest.mark.process]

LONGEST_GAP = """async (forMs) => {
    let lastAt = performance.now(), gap = 0, seen = -1;
    const end = lastAt + forMs;
    while (performance.now() < end) {
        let frames = 0;
        for (const connection of window.connections) {
            if (connection.connectionState === "closed") continue;
            for (const stat of (await connection.getStats()).values()) {
                if (stat.type === "inbound-rtp") frames += stat.framesDecoded ?? 0;
            }
        }
        const now = performance.now();
        gap = Math.max(gap, now - lastAt);
        if (frames !== seen) [seen, lastAt] = [frames, now];
        await new Promise((done) => setTimeout(done, 20));
    }
    return gap;
}"""


@pytest.fixture(scope="module")
def site(site_home: Path) -> Iterator[Site]:
    with running_site(site_home, has_second_relay=True) as running:
        yield running


def test_call_moves_to_the_other_relay_with_a_short_gap_and_without_a_word(
    site: Site, browser: Browser
) -> None:
    meeting = site.plant("Ana Rojas", "张伟")
    ana, zhang = (
        join(watch(site.enter_as_guest(browser, meeting, name))) for name in ("Ana Rojas", "张伟")
    )
    wait_for_media(ana)
    wait_for_media(zhang)
    place = site.home.run_code(
        "from meetings.models import RelayPlace; print(RelayPlace.objects.get().relay)"
    ).strip()
    is_first = site.home.variables["VMCRM_RELAY_URLS"].startswith(place)
    home = site.relay if is_first else site.second_relay
    assert home is not None
    before = ana.evaluate("window.connections.length")

    ana.evaluate(f"() => {{ window.gap = ({LONGEST_GAP})(4_000); }}")
    os.kill(home.pid, signal.SIGTERM)
    gap_ms = ana.evaluate("window.gap")

    assert gap_ms <= 1_500
    assert not home.is_running
    assert ana.evaluate("window.connections.length") > before
    expect(ana.get_by_text("Sound and picture are interrupted")).to_be_hidden()
    wait_for_media(ana)
    wait_for_media(zhang)
    for page in (ana, zhang):
        page.context.close()
