"""Refusals: the named errors by which services say no."""

from django.utils.functional import Promise


class Refusal(Exception):
    """A service refused. `code` is for programs, `str()` is a translated sentence for people."""

    code = "refused"

    def __init__(self, sentence: str | Promise, *, code: str | None = None) -> None:
        super().__init__(sentence)
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidAddress(Refusal):
    code = "invalid_address"


class InvalidName(Refusal):
    code = "invalid_name"


class NotAllowed(Refusal):
    code = "not_allowed"


class MailNotNeeded(Refusal):
    """A composer found that its mail has become pointless: the meeting was cancelled."""

    code = "mail_not_needed"
