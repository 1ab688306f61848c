"""Browsers that Playwright cannot drive as they are installed, and Chromium in the same way.

Node's puppeteer-core speaks WebDriver BiDi with Firefox. A small script (browser_driver.mjs) passes
calls on to it; here they look like methods.
"""

import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.node_tool import ROOT, make_command

FIREFOX, CHROMIUM = "firefox-esr", "chromium"
SCRIPT = Path(__file__).with_suffix(".mjs")
# Fake devices and a yes to each question for them; the rest is as people have it.
LAUNCH: dict[str, dict[str, Any]] = {
    FIREFOX: {
        "browser": "firefox",
        "extraPrefsFirefox": {
            "media.navigator.streams.fake": True,
            "media.navigator.permission.disabled": True,
            "media.getusermedia.browser.enabled": True,
        },
    },
    CHROMIUM: {
        "browser": "chrome",
        "args": [
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream=fps=30",
        ],
    },
}
# Runs before a page's own scripts. Without a display Firefox finds no screen to share; what it
# captures of a tab goes the same way, and wants a click as well.
PREPARATION = {
    FIREFOX: """
        const devices = navigator.mediaDevices;
        if (devices) devices.getDisplayMedia = async () => {
            if (!navigator.userActivation.isActive) throw new DOMException("", "InvalidStateError");
            return devices.getUserMedia({ video: { mediaSource: "browser" } });
        };
    """,
    CHROMIUM: "",
}


class Driver:
    """A running browser."""

    def __init__(self, name: str) -> None:
        self._name = name
        options = {
            "executablePath": shutil.which(name),
            "headless": True,
            "defaultViewport": {"width": 1280, "height": 800},
            **LAUNCH[name],
        }
        self._numbers = itertools.count(1)
        self._process = subprocess.Popen(
            make_command("node", [str(SCRIPT), json.dumps(options)]),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self._read()

    def open(self, url: str, *, cookies: list[dict[str, Any]], script: str = "") -> "Tab":
        """A new person's tab. `script` runs in each document before the page's own."""
        tab = Tab(self, next(self._numbers))
        tab.call("open", cookies, f"{{ {PREPARATION[self._name]} }} {script}")
        tab.call("goto", url)
        return tab

    def call(self, tab: int, method: str, *arguments: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(
            json.dumps({"tab": tab, "method": method, "args": arguments}) + "\n"
        )
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline() or '{"error": "the browser is gone"}')
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def close(self) -> None:
        """Ends the browser; a driver that still waits for something is told to take it along."""
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.communicate(timeout=10)
        finally:
            self._process.kill()


class Tab:
    """One page, by the methods of Puppeteer's `Page`; what is waited for is asked again and again,
    because a strict content policy lets nothing wait inside the page."""

    def __init__(self, driver: Driver, number: int) -> None:
        self._driver, self._number = driver, number

    def call(self, method: str, *arguments: Any) -> Any:
        return self._driver.call(self._number, method, *arguments)

    def evaluate(self, code: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        return self.call("evaluate", code)

    def click(self, selector: str) -> None:
        """As a person does, once it can be seen."""
        self.call("waitForSelector", selector, {"visible": True})
        self.call("click", selector)

    def press(self, key: str) -> None:
        self.call("keyboard.press", key)

    def write(self, text: str) -> None:
        self.call("keyboard.type", text)

    def reload(self) -> None:
        self.call("reload")

    def heard(self) -> list[str]:
        """What the console said so far, each line with its kind."""
        lines: list[str] = self.call("heard")
        return lines

    def until(self, code: str, *, within_s: float = 20) -> Any:
        """The first true value of the expression."""
        end = time.monotonic() + within_s
        while not (value := self.evaluate(code)):
            assert time.monotonic() < end, f"in {within_s} s it did not come true: {code}"
            time.sleep(0.1)
        return value

    def close(self) -> None:
        self.call("close")


@contextmanager
def driven(name: str) -> Iterator[Driver]:
    driver = Driver(name)
    try:
        yield driver
    finally:
        driver.close()
