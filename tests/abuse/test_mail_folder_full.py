"""A disk that takes no mail: the mail waits, and goes out when there is room again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.abuse.visitors import Visitor, plan_meeting, read_mail
from tests.processes import wait_until
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
ADDRESS = "patient@guests.example"


def test_mail_that_found_no_room_is_sent_when_there_is_some(
    system: RunningSystem, found: Callable[[str], None]
) -> None:
    form = f"{plan_meeting(system)}register/"
    folder = system.home / "mail"
    aside = folder.rename(folder.with_name("mail-aside")) if folder.exists() else None
    folder.symlink_to("/dev/full")

    try:
        Visitor(system).post(form, name="Patient", email=ADDRESS)
        state = wait_until(lambda: _state_after_a_try(system), timeout_s=120)
    finally:
        folder.unlink()
        if aside is not None:
            aside.rename(folder)
    _try_now(system)

    found(f"while nothing could be written: {state}; then sent")
    assert state == "deferred"
    assert "/r/" in read_mail(system, to=ADDRESS)


def _state_after_a_try(system: RunningSystem) -> str:
    """Empty while it waits or is being sent."""
    with closing(sqlite3.connect(system.home / "vmcrm.sqlite3", timeout=20)) as database:
        query = "SELECT state FROM crm_delivery WHERE address = ?"
        row = database.execute(query, [ADDRESS]).fetchone()
    return str(row[0]) if row and row[0] not in {"queued", "claimed"} else ""


def _try_now(system: RunningSystem) -> None:
    """The first pause is half a minute; the test does not wait for it."""
    with closing(sqlite3.connect(system.home / "vmcrm.sqlite3", timeout=20)) as database, database:
        query = "UPDATE crm_delivery SET not_before = NULL, wake_at = created_at WHERE address = ?"
        database.execute(query, [ADDRESS])
