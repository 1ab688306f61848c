"""Walks a site link by link in a real browser and notes what each page did wrong."""

import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, ViewportSize

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


@dataclass(frozen=True)
class Look:
    """How a page is looked at: the size of the window, and the judge with its scheme."""

    name: str
    size: ViewportSize
    judge: Judge

    def put_on(self, page: Page) -> None:
        page.set_viewport_size(self.size)
        page.emulate_media(color_scheme=self.judge.schemes[0])


@dataclass
class Walk:
    """What was seen: one visit for each view, with each of its problems in words."""

    context: BrowserContext
    base: str
    folder: Path
    label: str
    looks: tuple[Look, ...]
    keeps_pictures: bool
    """Of every page; one with a problem is always kept."""
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
        """Open one page, note its problems in each look; give the links it holds."""
        first, *others = self.looks
        first.put_on(page)
        self._said.clear()
        try:
            response = page.goto(self.base + path)
        except Error as error:
            if "Download is starting" in str(error):  # a file: nothing to look at
                return []
            raise
        if response is None or response.status >= 400:
            self.problems.append(f"{view} {path}: answered {response and response.status}")
        self._look_at(page, view, first)
        for look in others:
            look.put_on(page)
            if page.locator("[data-chart]").count() > 0:  # drawn for the width it finds
                page.reload()
            self._look_at(page, view, look)
        links: list[str] = page.evaluate(COLLECT_LINKS)
        return [cut_path(link) for link in links if link.startswith(self.base + "/")]

    def _look_at(self, page: Page, view: str, look: Look) -> None:
        page.evaluate(SETTLE)
        where = f"{view} {urlsplit(page.url).path} ({look.name})"
        problems = [f"{where}: {problem}" for problem in self._find_problems(page, view, look)]
        if problems or self.keeps_pictures:
            picture = self.folder / f"{self.label}-{look.name}-{make_slug(view)}.jpg"
            page.screenshot(path=picture, type="jpeg", quality=80, full_page=True)
        self.problems += problems

    def _find_problems(self, page: Page, view: str, look: Look) -> list[str]:
        problems: list[str] = page.evaluate("window.policyBreaches.splice(0)")
        problems += [f"console: {line}" for line in self._said]
        self._said.clear()
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            problems.append("wider than the window")
        if not page.evaluate("document.documentElement.lang"):
            problems.append("no language")
        problems += look.judge.find_faults(page, view)
        if view in look.judge.judged:
            self._forget_what_axe_did(page)
        return problems

    def _forget_what_axe_did(self, page: Page) -> None:
        """It adds styles of its own, which the policy refuses."""
        page.evaluate(SETTLE)
        page.evaluate("window.policyBreaches.length = 0")
        self._said.clear()


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
