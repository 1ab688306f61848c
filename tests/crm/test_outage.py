"""A part that did not answer is asked again by one caller after a pause, and said once."""

import pytest

from crm import outage
from crm.outage import Outage


def test_part_that_answers_may_always_be_asked() -> None:
    part = Outage("The clock")

    part.note_answer()

    assert (part.may_ask(), part.may_ask()) == (True, True)


def test_part_that_failed_rests_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    part = Outage("The clock")

    for _page in range(3):
        part.note_failure(TimeoutError("nobody"))

    assert part.may_ask() is False
    assert [record.getMessage() for record in caplog.records] == [
        "The clock does not answer: TimeoutError('nobody')"
    ]


def test_part_after_the_pause_is_asked_by_one_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Outage("The clock")
    now = 100.0
    monkeypatch.setattr(outage.time, "monotonic", lambda: now)
    part.note_failure(TimeoutError())

    now += outage.PAUSE_S

    assert (part.may_ask(), part.may_ask()) == (True, False)
    part.note_answer()
    assert (part.may_ask(), part.may_ask()) == (True, True)
