"""What must not stand in a log line."""

import logging
import sys
from collections.abc import Callable

import pytest
from django.conf import settings

from vmcrm.log_limits import MOST_PER_MINUTE, LimitRepeats, ShortRefusals
from vmcrm.logs import LowerRoutine, MaskSecrets, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET /r/abc.DEF-123/ 200", "GET /r/***/ 200"),
        ("GET /preferences/tok:en/?x=1", "GET /preferences/***/?x=1"),
        ("/accounts/confirm-email/MQ:1abc:xyz/", "/accounts/confirm-email/***/"),
        ("/accounts/password/reset/key/1-abc-def/", "/accounts/password/reset/key/***/"),
        ("Cookie: sessionid=abc; csrftoken=def", "Cookie: ***"),
        ("{'Authorization': 'Bearer abc.def'}", "{'Authorization': ***"),
        ("sent Bearer abc.def-1 to it", "sent Bearer *** to it"),
        ("login=a@b.c&password=hunter2&next=/", "login=a@b.c&password=***&next=/"),
        ("/meetings/?token=abc&x=1", "/meetings/?token=***&x=1"),
        ("redis://user:secret@host:6379/0", "redis://***@host:6379/0"),
        ("smtp+tls://me:p4ss@mail.example:587", "smtp+tls://***@mail.example:587"),
    ],
)
def test_mask_hides_what_follows_a_known_shape(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text", ["GET /meetings/ 200", "mail to a@b.example queued", "http://localhost:8000/join/"]
)
def test_mask_leaves_harmless_lines_as_they_are(text):
    assert mask(text) == text


def test_mask_hides_our_own_keys_anywhere():
    text = f"relay answered {settings.RELAY_SECRET!r} and {settings.SECRET_KEY}"

    assert mask(text) == "relay answered '***' and ***"


def make_record(message: str, *arguments: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, __file__, 1, message, arguments, exc_info)


def test_filter_masks_arguments_too():
    record = make_record("%s %s", "GET", "/r/abc/")

    kept = MaskSecrets().filter(record)

    assert kept
    assert record.getMessage() == "GET /r/***/"


def test_filter_masks_tracebacks():
    try:
        int("token=abc")
    except ValueError:
        record = make_record("failed", exc_info=sys.exc_info())

    MaskSecrets().filter(record)

    line = logging.Formatter().format(record).rpartition("ValueError: ")[2]
    assert line == "invalid literal for int() with base 10: 'token=***'"


def log_like_celery(caplog, *, task: str, level: int, from_level: int) -> list[tuple[str, str]]:
    context = {"id": "5", "name": task, "runtime": 0.01}
    line = "Task %(name)s[%(id)s] succeeded in %(runtime)ss"
    routine = LowerRoutine()
    caplog.handler.addFilter(routine)
    try:
        with caplog.at_level(from_level, logger="celery.app.trace"):
            logging.getLogger("celery.app.trace").log(level, line, context, extra={"data": context})
    finally:
        caplog.handler.removeFilter(routine)
    return [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize(
    ("task", "level", "from_level", "shown"),
    [
        ("crm.tasks.sweep_deliveries", logging.INFO, logging.INFO, []),
        ("crm.tasks.sweep_deliveries", logging.INFO, logging.DEBUG, ["DEBUG"]),
        ("crm.tasks.sweep_deliveries", logging.ERROR, logging.INFO, ["ERROR"]),
        ("crm.tasks.deliver", logging.INFO, logging.INFO, ["INFO"]),
    ],
)
def test_tasks_of_the_clock_are_logged_for_debugging_only(caplog, task, level, from_level, shown):
    lines = log_like_celery(caplog, task=task, level=level, from_level=from_level)

    assert [(name, task in text) for name, text in lines] == [(name, True) for name in shown]


def make_line(name: str, at_s: float, error: type[Exception] | None = None) -> logging.LogRecord:
    exc_info = (error, error("why"), None) if error else None
    record = logging.LogRecord(name, logging.WARNING, "place.py", 7, "Odd: %s", ("x",), exc_info)
    record.created = at_s
    return record


def test_repeats_from_outside_are_written_so_often_and_then_counted():
    limit = LimitRepeats()
    lines = [make_line("django.request", at_s=second / 10) for second in range(500)]
    late = make_line("django.request", at_s=60)

    kept = [line for line in lines if limit.filter(line)]

    assert len(kept) == MOST_PER_MINUTE
    assert kept[0].getMessage() == "Odd: x"
    assert kept[-1].getMessage() == "Odd: x (more of this kind are counted only, for a minute)"
    assert limit.filter(late)
    assert late.getMessage() == "Odd: x (before it 470 more of this kind)"


def test_repeats_of_one_kind_hide_no_other():
    limit = LimitRepeats()
    for second in range(100):
        limit.filter(make_line("django.request", at_s=second / 10, error=ValueError))

    assert limit.filter(make_line("django.request", at_s=11, error=KeyError))
    assert all(limit.filter(make_line("crm.tasks", at_s=11)) for _ in range(100))


def test_repeats_of_one_fault_hide_no_fault_of_the_same_type_elsewhere():
    limit = LimitRepeats()

    def fail_often() -> None:
        raise ValueError

    def fail_once() -> None:
        raise ValueError

    def log(fail: Callable[[], None]) -> bool:
        line = make_line("django.request", at_s=0)
        try:
            fail()
        except ValueError:
            line.exc_info = sys.exc_info()
        return limit.filter(line)

    assert [log(fail_often) for _ in range(MOST_PER_MINUTE + 1)][-1] is False
    assert log(fail_once)


def test_refused_request_is_logged_without_its_traceback():
    record = make_line("django.security.DisallowedHost", at_s=0, error=ValueError)

    ShortRefusals().filter(record)

    assert logging.Formatter().format(record) == "Odd: x"
