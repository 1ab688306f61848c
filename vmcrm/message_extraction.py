"""Collects every translatable text of the project without GNU gettext.

Django turns a template into Python-like source with gettext calls (`templatize`); Babel reads that,
the Python files and the JavaScript modules.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.extract import extract
from django.utils.translation.template import templatize

APPS = ("vmcrm", "crm", "meetings", "analytics")
PYTHON_KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
JAVASCRIPT_KEYWORDS: dict[str, Any] = {
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


@dataclass(frozen=True, order=True)
class Message:
    """One text as it stands in the source; `plural` and `context` are empty when it has none."""

    text: str
    plural: str = ""
    context: str = ""


def collect_django_messages(root: Path) -> set[Message]:
    """Texts of the Python files and templates below `root`."""
    messages: set[Message] = set()
    for path in _files(root, APPS, ".py"):
        messages.update(_extract("python", path.read_bytes(), PYTHON_KEYWORDS))
    for path in _files(root, ("templates",), ".html", ".txt"):
        # What is no text becomes X or blank; the blanks left of it are no Python indentation.
        lines = templatize(path.read_text(), origin=str(path)).splitlines()
        source = "\n".join(line.strip() for line in lines)
        messages.update(_extract("python", source.encode(), PYTHON_KEYWORDS))
    return messages


def collect_javascript_messages(root: Path) -> set[Message]:
    """Texts of our own JavaScript modules below `root`."""
    messages: set[Message] = set()
    for path in _files(root, APPS, ".js"):
        messages.update(_extract("javascript", path.read_bytes(), JAVASCRIPT_KEYWORDS))
    return messages


def _files(root: Path, folders: Iterable[str], *endings: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in endings and not {"migrations", "vendor"} & set(path.parts):
                yield path


def _extract(kind: str, source: bytes, keywords: dict[str, Any]) -> Iterator[Message]:
    for _, found, _, context in extract(kind, io.BytesIO(source), keywords=keywords):
        text, plural = found if isinstance(found, tuple) else (found, "")
        if text:
            yield Message(text, plural or "", context or "")
