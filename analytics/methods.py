"""METHODS.md as a page, with a summary in other languages: rendered once for each process."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analytics.models import Run

SOURCE = Path(__file__).with_name("METHODS.md")
SUMMARIES = {"zh-hans": SOURCE.with_name("METHODS.zh-hans.md")}
ANCHORS = {
    Run.Kind.REGRESSION: "regression",
    Run.Kind.SEGMENTS: "segments",
    Run.Kind.BUDGET: "budget",
    Run.Kind.SCORE: "scores",
}
"""The section of each kind of run; a test holds them against the document."""

_TAGS = {
    *("h2", "h3", "p", "a", "ul", "ol", "li", "strong", "em", "code", "pre", "hr", "div"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "h2": {"id"},
    "h3": {"id"},
    "a": {"href"},
    "div": {"class", "tabindex", "role", "aria-labelledby"},
}


@dataclass(frozen=True)
class Section:
    anchor: str
    title: str


@dataclass(frozen=True)
class Document:
    """Sanitised HTML without the document's own title, and its second-level headings."""

    html: str
    sections: tuple[Section, ...]


@cache
def read_methods() -> Document:
    return render(SOURCE.read_text(encoding="utf-8"))


@cache
def read_summary(language: str) -> Document | None:
    """What readers of another language get before the English document, where there is one."""
    source = SUMMARIES.get(language)
    return None if source is None else render(source.read_text(encoding="utf-8"))


def render(markdown: str) -> Document:
    """Markdown with tables; HTML in it is shown as text; nh3 drops what it does not know."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    sections = []
    heading_id = ""
    kept: list[Token] = []
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            title = _plain(tokens[position + 1])
            heading_id = _slug(title)
            token.attrSet("id", heading_id)
            if token.tag == "h2":
                sections.append(Section(heading_id, title))
        if token.type in {"table_open", "fence"}:
            kept.append(_open_box(heading_id))
        kept.append(token)
        if token.type in {"table_close", "fence"}:
            kept.append(Token("box_close", "div", -1, block=True))
    html = parser.renderer.render(_without_title(kept), parser.options, {})
    return Document(nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES), tuple(sections))


def _without_title(tokens: list[Token]) -> list[Token]:
    has_title = bool(tokens) and tokens[0].tag == "h1"
    return tokens[3:] if has_title else tokens


def _open_box(heading_id: str) -> Token:
    """Wide tables and listings scroll in themselves, also by keyboard."""
    box = Token("box_open", "div", 1, block=True)
    box.attrs = {
        "class": "table-scroll",
        "tabindex": "0",
        "role": "group",
        "aria-labelledby": heading_id,
    }
    return box


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")
