"""What somebody typed or pasted to join: a code, or one of our own links."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from django.urls import Resolver404, ResolverMatch, resolve

from meetings.models import Meeting
from meetings.models.choices import Visibility
from meetings.models.meeting import CODE_ALPHABET, CODE_LENGTH
from meetings.services import tokens
from meetings.services.rate_limits import Visitor, count_try, refuse_after
from meetings.services.refusals import NothingFound

WRONG_TRIES = 5
"""Of one browser in a quarter of an hour."""
WRONG_TRIES_OF_ADDRESS = 300
"""Of everybody behind one address. docs/decisions/0015 says how little can be guessed with them."""
_CODE = re.compile(f"[{CODE_ALPHABET}]{{{CODE_LENGTH}}}")
_OUR_PAGES = frozenset({"detail", "register", "room", "personal_link"})


@dataclass(frozen=True)
class Found:
    """Where to go; `by_code` is set when the code itself opened the door."""

    path: str
    by_code: Meeting | None = None


def find(*, text: str, visitor: Visitor) -> Found:
    """The page that a code or a pasted link leads to.

    Never another site: of a pasted link only the path counts, and only if it is one of our pages.
    Raises TooManyTries after too many wrong ones in a quarter of an hour, else NothingFound.
    """
    refuse_after(name="join", who=visitor.own, limit=WRONG_TRIES)
    refuse_after(name="join-address", who=visitor.address, limit=WRONG_TRIES_OF_ADDRESS)
    found = _find_by_code(text) or _find_by_link(text)
    if found is None:
        count_try(name="join", who=visitor.own, limit=WRONG_TRIES)
        count_try(name="join-address", who=visitor.address, limit=WRONG_TRIES_OF_ADDRESS)
        raise NothingFound
    return found


def _find_by_code(text: str) -> Found | None:
    code = re.sub(r"[\s-]", "", text).lower()
    if not _CODE.fullmatch(code):
        return None
    meeting = Meeting.objects.filter(join_code=code).first()
    if meeting is None:
        return None
    return Found(path=meeting.get_absolute_url(), by_code=meeting)


def _find_by_link(text: str) -> Found | None:
    try:
        path = urlsplit(text.strip()).path
        match = resolve(path)
    except (ValueError, Resolver404):
        return None
    if match.app_name != "meetings" or match.url_name not in _OUR_PAGES:
        return None
    return Found(path=path) if _leads_somewhere(match) else None


def _leads_somewhere(match: ResolverMatch) -> bool:
    """Whether the page exists for somebody without rights, so that links tell nothing more."""
    if match.url_name == "personal_link":
        return tokens.read_personal_token(match.kwargs["token"]) is not None
    public_id: UUID = match.kwargs["public_id"]
    return (
        Meeting.objects.filter(public_id=public_id)
        .exclude(visibility=Visibility.INVITATION)
        .exists()
    )
