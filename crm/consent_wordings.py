"""What people were asked, word for word. A changed text gets a new version; old ones stay.

The trace of consents names the version, so that it can be shown later what somebody agreed to.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Wording:
    version: str
    purpose: str
    text: Promise


_WORDINGS = (
    Wording(
        "service-1",
        "service",
        _("Messages about what I asked for: confirmations, changes, reminders."),
    ),
    Wording(
        "marketing-1",
        "marketing",
        _(
            "I would like to be told about further meetings, products and offers."
            " I can take this back at any time."
        ),
    ),
    Wording(
        "recording-1",
        "recording",
        _("I agree that what I say and show may be recorded when a recording is announced."),
    ),
    Wording(
        "research-1",
        "research",
        _(
            "I agree that my answers and my attendance are used for market research."
            " I can take this back at any time."
        ),
    ),
)
_BY_VERSION = {wording.version: wording for wording in _WORDINGS}
# The last one of a purpose is the current one.
_CURRENT = {wording.purpose: wording for wording in _WORDINGS}


def current_wording(purpose: str) -> Wording:
    return _CURRENT[purpose]


def current_version(purpose: str) -> str:
    return _CURRENT[purpose].version


def find_wording(version: str) -> Wording | None:
    """The wording of a version found in the trace; None for one that was never ours."""
    return _BY_VERSION.get(version)
