"""What a caller has to expect of the relay, in sentences for people."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: Final[dict[str, Promise]] = {
    "bad_sdp": _("The media server could not read your browser's offer."),
    "stale_generation": _("Your browser answered an offer that is out of date."),
    "not_permitted": _("Your role in this meeting does not allow that."),
    "too_many": _("The media server does not take more of this."),
    "cannot_record": _("The media server refused to record."),
    "recording_off": _(
        "Recording is switched off at the media server: it has no folder for recordings."
    ),
    "disk_low": _("The disk of the media server is nearly full. Nothing can be recorded."),
    "draining": _("The media server is being restarted. Sound and picture come back shortly."),
}


class RelayUnavailable(Exception):
    """The relay cannot be reached or does not answer; `str()` is a sentence for people."""

    code = "relay_unavailable"

    def __str__(self) -> str:
        return str(_("Sound and picture are not available at the moment. We keep trying."))


class RelayRefused(Exception):
    """The relay answered with an error; `code` is the relay's, `str()` a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return str(SENTENCES.get(self.code, _("The media server refused: sound may be missing.")))
