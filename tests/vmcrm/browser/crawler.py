"""Walks a site link by link in a real browser and notes what each page did wrong."""

import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Response

from tests.vmcrm.browser.accessibility import Judge

# Notes every breach of the policy, also of scripts that run before the page is there.
WATCH_POLICY = """
window.policyBreaches = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.policyBreaches.push(
    `${event.violatedDirective}: ${event.blockedURI || "inline"} ${event.sample}`
  );
});
"""
COLLECT_LINKS = """
[...document.querySelectorAll("a[href], iframe[src]")]
  .filter((link) => !link.hasAttribute("download"))
  .map((link) => link.href || link.src)
"""

# Modules and charts draw after `load`: their first turns are over when the browser is idle.
SETTLE = """
async () => {
  await document.fonts.ready;
  await new Promise((done) => requestIdleCallback(done, {timeout: 1000}));
}
"""


@dataclass
class Walk:
    """What was seen: one visit for each view, with each of its problems in words."""

    context: BrowserContext
    base: str
    folder: Path
    label: str
    judge: Judge
    visited: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.context.add_init_script(WATCH_POLICY)

    def crawl(self, *starts: str) -> None:
        """Visit every view that can be reached from `starts` by links, each once."""
        waiting = deque(starts)
        page = self.open_page()
        while waiting:
            path = waiting.popleft()
            view = name_view(path)
            if view is None or view in self.visited:
                continue
            self.visited[view] = path
            waiting.extend(self.visit(page, path, view))
        page.close()

    def open_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", lambda line: self._said.append(line.text) if is_bad(line) else None)
        page.on("pageerror", lambda error: self._said.append(str(error)))
        return page

    def visit(self, page: Page, path: str, view: str) -> list[str]:
        """Open one page, note its problems, keep its picture; give the links it holds."""
        self._said.clear()
        try:
            response = page.goto(self.base + path)
        except Error as error:
            if "Download is starting" in str(error):  # a file: nothing to look at
                return []
            raise
        page.evaluate(SETTLE)
        picture = self.folder / f"{self.label}-{make_slug(view)}.jpg"
        page.screenshot(path=picture, type="jpeg", quality=80, full_page=True)
        self._note(view, response, page)
        links: list[str] = page.evaluate(COLLECT_LINKS)
        return [cut_path(link) for link in links if link.startswith(self.base + "/")]

    def _note(self, view: str, response: Response | None, page: Page) -> None:
        where = f"{view} {urlsplit(page.url).path}"
        if response is None or response.status >= 400:
            self.problems.append(f"{where}: answered {response and response.status}")
        breaches: list[str] = page.evaluate("window.policyBreaches")
        self.problems += [f"{where}: {breach}" for breach in breaches]
        self.problems += [f"{where}: console: {line}" for line in self._said]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            self.problems.append(f"{where}: wider than the window")
        if not page.evaluate("document.documentElement.lang"):
            self.problems.append(f"{where}: no language")
        self.problems += [f"{where}: {fault}" for fault in self.judge.find_faults(page, view)]


def is_bad(line: ConsoleMessage) -> bool:
    return line.type == "error"


def name_view(path: str) -> str | None:
    """The view behind an address; None for what is not a page of its own."""
    try:
        match = resolve(urlsplit(path).path)
    except Resolver404:
        return None
    return match.view_name or None


def cut_path(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def make_slug(view: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", view.lower()).strip("-")
