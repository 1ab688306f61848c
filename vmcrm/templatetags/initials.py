"""`{{ name|initials }}`: one or two letters for an avatar, fair to names of any script."""

import unicodedata

from django import template

register = template.Library()


def _is_ideograph(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CJK")


@register.filter
def initials(name: str) -> str:
    """Chinese names show their last character, as colleagues call each other; others two initials.

    >>> initials("张伟"), initials("Ada Lovelace"), initials("Plato")
    ('伟', 'AL', 'P')
    """
    words = name.split()
    if not words:
        return "?"
    if _is_ideograph(words[-1][-1]):
        return words[-1][-1]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [words[0][0]]
    return "".join(letters).upper()
