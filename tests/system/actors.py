"""The people of the loop and what each does in the browser; selectors that no language changes."""

import email
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import policy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

WATCHER = """
    window.connections = [];
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
        constructor(...options) { super(...options); window.connections.push(this); }
    };
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
RECEIVED = """async () => {
    const totals = {frames: 0, energy: 0};
    for (const connection of window.connections) {
        for (const stat of (await connection.getStats()).values()) {
            if (stat.type !== "inbound-rtp") continue;
            totals.frames += stat.framesDecoded ?? 0;
            totals.energy += stat.totalAudioEnergy ?? 0;
        }
    }
    return totals;
}"""


def wait_for(ask: Callable[[], Any], *, within_s: float, what: str) -> Any:
    """The first true answer of `ask`."""
    deadline = time.monotonic() + within_s
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what} did not come within {within_s:.0f} s"
        time.sleep(0.2)
    return answer


@dataclass
class Person:
    """Somebody with a browser; keeps a screenshot of every page visited."""

    name: str
    page: Page
    base_url: str
    screenshots: Path
    violations: list[str] = field(default_factory=list)
    count: int = 0

    def open(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.base_url + path)
        self.keep(re.sub(r"[0-9a-f-]{32,}|[^\w]+", "-", path.removeprefix(self.base_url))[:50])

    def keep(self, what: str) -> None:
        """A screenshot, and what the page did against the content policy."""
        self.count += 1
        self.violations += self.page.evaluate("window.violations ?? []")
        path = self.screenshots / f"{self.name}-{self.count:02d}-{what.strip('-') or 'home'}.png"
        self.page.screenshot(path=path)

    def part(self, name: str) -> Any:
        return self.page.locator(f"[data-part={name}]")


def new_person(
    browser: Browser, name: str, *, language: str, base_url: str, screenshots: Path
) -> Person:
    context = browser.new_context(
        locale="zh-CN" if language == "zh-hans" else "en-GB",
        viewport={"width": 1280, "height": 800},
    )
    context.add_init_script(WATCHER)
    return Person(name, context.new_page(), base_url, screenshots)


class Rep(Person):
    """Plans, invites, hosts, closes, analyses and reports."""

    def log_in(self, address: str, password: str) -> None:
        self.open("/accounts/login/?next=/admin/")
        self.page.fill("input[name=login]", address)
        self.page.fill("input[name=password]", password)
        self.page.locator("main button[type=submit]").click()
        self.page.wait_for_url("**/admin/")
        self.keep("admin-index")

    def plan(self, title: str, zone: str) -> str:
        """A partner meeting that begins in a few minutes; returns the address of its page."""
        self.open("/admin/meetings/meeting/add/?kind=partner")
        starts = datetime.now(ZoneInfo(zone)) + timedelta(minutes=3)
        ends = starts + timedelta(hours=1)  # as long as the agenda of its kind
        self.page.fill("input[name=title]", title)
        self.page.select_option("select[name=time_zone]", zone)
        for name, moment in (("start", starts), ("end", ends)):
            self.page.fill(f"input[name={name}_0]", moment.strftime("%Y-%m-%d"))
            self.page.fill(f"input[name={name}_1]", moment.strftime("%H:%M:%S"))
        self.page.locator("input[name=_continue]").click()
        self.page.wait_for_url("**/change/**")
        self.keep("planned")
        return self.page.url

    def invite(self, search: str, title: str) -> None:
        """All contacts that the search finds, from the list of contacts."""
        self.open(f"/admin/crm/contact/?q={search}")
        self.page.locator("#action-toggle").check()
        option = self.page.locator("select[name=action] option[value*=invite]").first
        self.page.select_option("select[name=action]", option.get_attribute("value"))
        self.page.locator("button[name=index]").click()
        self.page.wait_for_url("**/invite/**")
        self.page.select_option("select[name=meeting]", label=self._label_of(title))
        self.page.locator("select[name=meeting]").locator("xpath=ancestor::form").locator(
            "button"
        ).first.click()
        self.keep("invitation-preview")
        self.page.locator("button[name=send]").click()
        self.page.wait_for_load_state()
        self.keep("invitation-sent")

    def _label_of(self, title: str) -> str:
        options = self.page.locator("select[name=meeting] option").all_text_contents()
        return next(text for text in options if title in text)

    def end_meeting(self) -> None:
        self.part("leave").click()
        self.page.locator("#leave-dialog button[value=end]").click()
        self.page.locator("dialog[open] button[value=yes]").click()
        expect(self.part("ending")).to_be_visible()
        self.keep("ended")


class Attendee(Person):
    """Registers by the invitation, proves the address, meets and rates."""

    def register(self, link: str) -> None:
        self.open(link)
        self.page.locator("main form button").first.click()
        self.page.wait_for_load_state()
        self.keep("registered")

    def confirm(self, link: str) -> None:
        self.open(link)
        self.page.locator("main form button").first.click()
        self.page.wait_for_url("**/room/")

    def rate(self, stars: int) -> None:
        self.page.locator(f"input[name=rating][value='{stars}']").check(force=True)
        self.page.locator("main form button").first.click()
        self.page.wait_for_load_state()
        self.keep("rated")


def join(person: Person) -> None:
    person.part("join").wait_for()
    person.keep("before-joining")
    person.part("join").click()


def wait_for_media(person: Person, *, within_s: float = 30) -> dict[str, float]:
    """Wait until this page has decoded frames and heard sound of others."""
    deadline = time.monotonic() + within_s
    while True:
        totals: dict[str, float] = person.page.evaluate(RECEIVED)
        if totals["frames"] > 10 and totals["energy"] > 0:
            return totals
        if time.monotonic() > deadline:
            person.keep("no-sound-or-picture")
            raise AssertionError(f"{person.name} has no sound or no picture: {totals}")
        person.page.wait_for_timeout(200)


def say(person: Person, text: str) -> None:
    if not person.part("chat-text").is_visible():
        person.part("panel-chat").click()
    person.part("chat-text").fill(text)
    person.part("chat-text").press("Enter")


def hears(person: Person, text: str) -> None:
    if not person.part("chat-text").is_visible():
        person.part("panel-chat").click()
    expect(person.part("chat-lines")).to_contain_text(text)


@dataclass(frozen=True)
class Mail:
    """A mail of the folder, parsed."""

    to: str
    subject: str
    text: str
    html: str
    images: list[bytes]
    attachments: list[str]


def read_mails(folder: Path) -> list[Mail]:
    mails = []
    for path in sorted(folder.rglob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        html = message.get_body(("html",))
        text = message.get_body(("plain",))
        mails.append(
            Mail(
                to=str(message["to"]),
                subject=str(message["subject"]),
                text=text.get_content() if text else "",
                html=html.get_content() if html else "",
                images=[
                    part.get_content()
                    for part in message.walk()
                    if part.get_content_maintype() == "image"
                ],
                attachments=[part.get_filename() or "" for part in message.iter_attachments()],
            )
        )
    return mails


def find_link(mail: Mail, pattern: str) -> str | None:
    found = re.search(rf"https?://\S*{pattern}\S*", mail.text)
    return found.group(0) if found else None
