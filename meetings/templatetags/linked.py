"""Web addresses in a text that somebody wrote, as links; everything else stays text."""

import re
from urllib.parse import urlsplit

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"'“”‘’「」《》，。；！？）】]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}"


@register.filter
def linked(text: str) -> SafeString:
    """The text escaped, with its http and https addresses as links that vouch for nothing."""
    pieces, position = [], 0
    for match in _ADDRESS.finditer(text):
        address = _without_sentence_end(match[0])
        if not _is_plain(address):
            continue
        pieces += [conditional_escape(text[position : match.start()]), _link(address)]
        position = match.start() + len(address)
    pieces.append(conditional_escape(text[position:]))
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped above


def _without_sentence_end(address: str) -> str:
    """A full stop or bracket after an address belongs to the sentence, unless it was opened."""
    bare = address.rstrip(_TRAILING)
    keeps_bracket = address[len(bare) :].startswith(")") and bare.count("(") > bare.count(")")
    return f"{bare})" if keeps_bracket else bare


def _is_plain(address: str) -> bool:
    """An address with a name before the host is made to look like another one."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and parts.username is None and parts.password is None


def _link(address: str) -> SafeString:
    return format_html('<a href="{}" rel="noopener nofollow">{}</a>', address, address)
