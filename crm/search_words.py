"""Words of a name as one searchable column: Latin words, single Chinese characters and pairs.

Trigram indexes do not find two-character names, so the pairs are stored. The column looks like
`" zhang wei 张 伟 张伟 "`; a word is searched as `" wei"` (its beginning), a pair as `" 张伟 "`.
"""

import re
import unicodedata
from collections.abc import Iterator

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+")


def _is_chinese(run: str) -> bool:
    return "\u3400" <= run[0] <= "\u9fff" or "\uf900" <= run[0] <= "\ufaff"


def _runs(text: str) -> list[str]:
    return _RUN.findall(unicodedata.normalize("NFKC", text).casefold())


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def build_search_words(*texts: str) -> str:
    """The column's value for `texts`; empty when there is no word in them."""
    words: dict[str, None] = {}
    for run in (run for text in texts for run in _runs(text)):
        if _is_chinese(run):
            words.update(dict.fromkeys([*run, *_pairs(run)]))
        else:
            words[run] = None
    return f" {' '.join(words)} " if words else ""


def find_needles(query: str) -> Iterator[str]:
    """The pieces that must all be contained in the column for `query` to match."""
    for run in _runs(query):
        if not _is_chinese(run):
            yield f" {run}"
        elif len(run) == 1:
            yield f" {run} "
        else:
            yield from (f" {pair} " for pair in _pairs(run))
