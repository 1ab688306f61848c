"""From bytes to text: which encoding a file was written in, found by a rule and not by chance.

Byte order marks and zero bytes tell UTF-16, strict decoding tells UTF-8. What is left was written
by an older program: Chinese ones pair high bytes into common characters, European ones set single
letters that must all belong to the alphabet of one language.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _


class UnreadableFile(Exception):
    """The file cannot be used; str() is a sentence for the person who named it."""


@dataclass(frozen=True)
class Decoded:
    """`is_sure` is false where another encoding would have fitted as well."""

    text: str
    encoding: str
    is_sure: bool = True


MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
NO_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x7f\ufffe\uffff]")
MISREAD = re.compile(r"[¹³£¥](?=[^\W\d_])|(?<=[^\W\d_])¿")  # signs inside a word
COMMON_SHARE = 0.7  # of the characters of a Chinese text: first level of GB 2312, or signs
ALPHABETS = {
    "cp1252": (
        "éèêëàâçùûüîïôœæÿ",  # French
        "äöüßéèà",  # German
        "áéíóúñüïçàèò·ªº",  # Spanish, Catalan
        "àèéìíîòóùú",  # Italian
        "ãõáâàéêíóôúüç",  # Portuguese
        "æøåéèêóôäöü",  # Danish, Norwegian
        "åäöéüà",  # Swedish, Finnish
        "ëïéèêöüäáóíúç",  # Dutch
        "áðéíóúýþæö",  # Icelandic
    ),
    "cp1250": (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýžöü",  # Czech
        "áäčďéíĺľňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "čćđšž",  # Croatian, Slovene
        "ăâîşţ",  # Romanian
        "äöüßéčćšž",  # German beside southern neighbours
    ),
}


def decode(content: bytes, path: str, encoding: str | None = None) -> Decoded:
    """The text of a file. Raises `UnreadableFile` with what to change."""
    decoded = _find(content, path, encoding)
    if NO_TEXT.search(decoded.text):
        raise UnreadableFile(_("“%(path)s” is not a text file.") % {"path": path})
    return decoded


def _find(content: bytes, path: str, encoding: str | None) -> Decoded:
    if encoding:
        return Decoded(_decode_as(content, path, encoding), encoding)
    for mark, name in MARKS.items():
        if content.startswith(mark):
            return Decoded(_decode_as(content[len(mark) :], path, name), name)
    if b"\0" in content:
        name = "utf-16-be" if content[::2].count(0) > content[1::2].count(0) else "utf-16-le"
        return Decoded(_decode_as(content, path, name), name)
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _decode_older(content, path)


def _decode_as(content: bytes, path: str, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except LookupError as error:
        raise UnreadableFile(
            _(
                "There is no encoding “%(encoding)s”. Known are utf-8, utf-16, gb18030, cp1252 and"
                " cp1250."
            )
            % {"encoding": encoding}
        ) from error
    except UnicodeError as error:
        raise UnreadableFile(
            _("“%(path)s” cannot be read as %(encoding)s. Save it as UTF-8, or name its encoding.")
            % {"path": path, "encoding": encoding}
        ) from error


def _decode_older(content: bytes, path: str) -> Decoded:
    if _is_chinese(content):
        return Decoded(content.decode("gb18030"), "gb18030")
    fitting = [name for name in ALPHABETS if _is_european(content, name)]
    if not fitting:
        raise UnreadableFile(
            _(
                "It is not clear in which encoding “%(path)s” is written. Save it as UTF-8, or name"
                " its encoding with --encoding (gb18030 for Chinese, cp1252 for western Europe,"
                " cp1250 for central Europe)."
            )
            % {"path": path}
        )
    texts = {content.decode(name) for name in fitting}
    return Decoded(content.decode(fitting[0]), fitting[0], is_sure=len(texts) == 1)


def _is_chinese(content: bytes) -> bool:
    """Whether most of what is not ASCII are characters that Chinese is written with every day."""
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    pairs = list(_list_pairs(content))
    common = sum(
        (0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3) and trail >= 0xA1 for lead, trail in pairs
    )
    return common >= COMMON_SHARE * len(pairs)


def _list_pairs(content: bytes) -> Iterator[tuple[int, int]]:
    """The two-byte characters of GB 18030 (the first two bytes of four-byte ones)."""
    place = 0
    while place < len(content):
        if content[place] < 0x80:
            place += 1
            continue
        lead, trail = content[place], content[place + 1]
        place += 4 if 0x30 <= trail <= 0x39 else 2
        yield lead, trail


def _is_european(content: bytes, encoding: str) -> bool:
    """Whether all letters beyond ASCII belong to the alphabet of one language."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return False
    if MISREAD.search(text):
        return False
    letters = {sign for sign in text.lower() if ord(sign) > 0x7F and sign.isalpha()}
    return any(letters <= set(alphabet) for alphabet in ALPHABETS[encoding])
