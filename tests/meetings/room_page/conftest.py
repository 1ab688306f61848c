"""A browser with fake devices, and the whole system for it to talk to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.meetings.room_page.live_site import Site, running_site

CHROMIUM = "/usr/bin/chromium"
FAKE_DEVICES = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=fps=30",
)


# Not for the session: while Playwright's loop is alive, asynchronous tests cannot run.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FAKE_DEVICES))
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def browser_without_devices(playwright: Playwright) -> Iterator[Browser]:
    """Its person says no to every question of the browser."""
    chromium = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--use-fake-device-for-media-stream", "--deny-permission-prompts"],
    )
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def site(site_home: Path) -> Iterator[Site]:
    with running_site(site_home) as running:
        yield running
