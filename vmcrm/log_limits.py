"""What strangers can make the web process write: one line each, and not more than so many."""

import logging
from dataclasses import dataclass

# Who logs what a request from outside brings about, before or without an account.
FROM_OUTSIDE = (
    "django.request",
    "django.security",
    "uvicorn",
    "daphne",
    "vmcrm.origins",
    "vmcrm.views",
    "vmcrm.web_server",
)
MOST_PER_MINUTE = 30
MINUTE_S = 60.0


class ShortRefusals(logging.Filter):
    """Django logs a refused request (unknown host, too many fields) with the whole way there."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return True


@dataclass
class _Minute:
    began: float
    lines: int = 0


class LimitRepeats(logging.Filter):
    """Of one kind of line so many a minute; the others are counted. A kind is a place in the code
    together with the level, the type of error and where that was raised, so a flood of one hides
    no other."""

    def __init__(self) -> None:
        super().__init__()
        self._minutes: dict[object, _Minute] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(FROM_OUTSIDE):
            return True
        kind = (record.pathname, record.lineno, record.levelno, *_find_error(record))
        minute = self._minutes.setdefault(kind, _Minute(record.created))
        if record.created - minute.began >= MINUTE_S:
            self._minutes[kind] = _Minute(record.created, lines=1)
            if minute.lines > MOST_PER_MINUTE:
                _append(record, f"before it {minute.lines - MOST_PER_MINUTE} more of this kind")
            return True
        minute.lines += 1
        if minute.lines == MOST_PER_MINUTE:
            _append(record, "more of this kind are counted only, for a minute")
        return minute.lines <= MOST_PER_MINUTE


def _find_error(record: logging.LogRecord) -> tuple[object, ...]:
    """Its type and the line that raised it. Django logs the faults of all pages at one place."""
    error, _value, trace = record.exc_info or (None, None, None)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (error, trace and (trace.tb_frame.f_code.co_filename, trace.tb_lineno))


def _append(record: logging.LogRecord, words: str) -> None:
    record.msg, record.args = f"{record.getMessage()} ({words})", None
