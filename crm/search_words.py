"""Words of a name as one searchable column: Latin words, single Chinese characters and pairs, and
how they are typed without accents or in pinyin.

Trigram indexes do not find two-character names, so the pairs are stored. The column of
"Kovács 张伟" looks like `" kovács kovacs 张 伟 张伟 zhangwei wei zw "`; a word is searched as
`" kov"` (its beginning), a pair as `" 张伟 "`.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

MOST_WORDS: Final = 20
MOST_CHARACTERS: Final = 200
"""Of a query: each word costs the database a comparison, and past a thousand it refuses."""

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+")
# Letters that Unicode does not take apart into a base and a mark.
_BASES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
# How German spells its umlauts where there is no key for them.
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
# Names and companies are shorter; the readings of a longer run add nothing one would type.
_READ_AT_MOST = 12


def build_search_words(*texts: str) -> str:
    """The column's value for `texts`; empty when there is no word in them."""
    words: dict[str, None] = {}
    for run in (run for text in texts for run in _runs(text)):
        words.update(dict.fromkeys(_chinese_words(run) if _is_chinese(run) else _spellings(run)))
    return f" {' '.join(words)} " if words else ""


def find_needles(query: str) -> Iterator[str]:
    """The pieces that must all be contained in the column for `query` to match."""
    for run in _runs(query):
        if not _is_chinese(run):
            yield f" {_fold(run)}"
        elif len(run) == 1:
            yield f" {run} "
        else:
            yield from (f" {pair} " for pair in _pairs(run))


def _is_chinese(run: str) -> bool:
    return "\u3400" <= run[0] <= "\u9fff" or "\uf900" <= run[0] <= "\ufaff"


def _runs(text: str) -> list[str]:
    return _RUN.findall(unicodedata.normalize("NFKC", text).casefold())


def _spellings(word: str) -> list[str]:
    """As it is, without accents, and with umlauts written out."""
    return [word, _fold(word), _fold(word.translate(_UMLAUTS))]


def _fold(word: str) -> str:
    apart = unicodedata.normalize("NFD", word)
    bases = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bases).translate(_BASES)


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _chinese_words(run: str) -> list[str]:
    return [*run, *_pairs(run), *_pinyin_words(run[:_READ_AT_MOST])]


def _pinyin_words(run: str) -> list[str]:
    """How the run is typed: from each character on to its end, and its initials.

    The first character of a name is often read in its own way (曾 zēng, 单 shàn), so every reading
    of it counts.
    """
    from pypinyin import Style, lazy_pinyin, pinyin  # 5 MB of readings: only where they are wanted

    syllables = lazy_pinyin(run)
    rest = ["".join(syllables[at:]) for at in range(1, len(syllables))]
    [first] = pinyin(run[0], style=Style.NORMAL, heteronym=True)
    readings = dict.fromkeys([syllables[0], *first])
    whole = [reading + (rest[0] if rest else "") for reading in readings]
    initials = {reading[0] + "".join(part[0] for part in syllables[1:]) for reading in readings}
    words = [*whole, *rest, *sorted(initials)]
    # ü is typed as v or as u.
    return [spelling for word in words for spelling in (word, word.replace("v", "u"))]


def shorten(query: str) -> str:
    """The first words of a query, as many as are searched for."""
    words = query.replace("\0", " ").split()
    return " ".join(words[:MOST_WORDS])[:MOST_CHARACTERS].strip()


def is_cut(query: str) -> bool:
    """Whether the query holds more than is searched for."""
    return len(shorten(query)) < len(" ".join(query.split()))
