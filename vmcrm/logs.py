"""Keeps out of the logs what must not stand there (personal links, tokens, cookies, passwords, our
own keys) and what nobody looks for there (tasks that the clock starts every other second)."""

import logging
import re
import traceback
from functools import lru_cache

from django.conf import settings

from vmcrm.schedule import SCHEDULE

MASK = "***"

# What follows these stays secret. Each pattern keeps its first group and masks the rest.
_PATTERNS = [
    # Personal links and links from mails about the account
    re.compile(r"(/(?:r|preferences|setup)/)[^/\s\"'?]+"),
    re.compile(r"(/accounts/confirm-email/)[^/\s\"'?]+"),
    re.compile(r"(/accounts/password/reset/key/)[^/\s\"'?]+"),
    # Headers
    re.compile(r"((?:set-)?cookie\b[\"']?\s*[:=]\s*).+", re.IGNORECASE),
    re.compile(r"(\bauthorization\b[\"']?\s*[:=]\s*).+", re.IGNORECASE),
    re.compile(r"(\bbearer\s+)[\w.~+/=-]+", re.IGNORECASE),
    # Fields of forms and queries
    re.compile(
        r"(\b(?:password\d?|passwd|secret|token|code|key|sessionid|csrftoken)=)[^&\s\"']+",
        re.IGNORECASE,
    ),
    # The user and password part of an address such as redis://user:secret@host
    re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/@\s]+(?=@)", re.IGNORECASE),
]


@lru_cache(maxsize=1)
def _own_secrets() -> tuple[str, ...]:
    return tuple(secret for secret in (settings.SECRET_KEY, settings.RELAY_SECRET) if secret)


def mask(text: str) -> str:
    """The text with every secret we know the shape of replaced by three stars."""
    for secret in _own_secrets():
        text = text.replace(secret, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


class MaskSecrets(logging.Filter):
    """Sits on handlers, so that lines of libraries pass through it as well."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = mask(text)
        if masked != text:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        return True


class LowerRoutine(logging.Filter):
    """Celery's "received" and "succeeded" of a task that the clock starts become debug lines.

    Warnings and errors of such tasks stay as loud as they are.
    """

    routine = frozenset(entry["task"] for entry in SCHEDULE.values())

    def filter(self, record: logging.LogRecord) -> bool:
        data = getattr(record, "data", None)  # what celery hands over for filters like this one
        is_routine = isinstance(data, dict) and data.get("name") in self.routine
        if record.levelno != logging.INFO or not is_routine:
            return True
        record.levelno, record.levelname = logging.DEBUG, logging.getLevelName(logging.DEBUG)
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
