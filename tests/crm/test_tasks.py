"""Mailings survive the death of the worker: finished within seconds, one mail each."""

import asyncio
import email
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.processes import Home, home, start_beat, start_valkey, start_worker, wait_until

__all__ = ["home"]

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

RECIPIENTS = 60
# The promise is ten seconds; on a machine busy with other work the same may take longer, and that
# alone must not fail the suite.
PATIENCE_S = 30

CREATE_MAILING = f"""
from crm.models import Contact, ContactPoint, User
from crm.services import mailings
user = User.objects.create_user("rep@vmcrm.example", name="Rep", is_staff=True)
for n in range({RECIPIENTS}):
    contact = Contact.objects.create(name=f"Reader {{n}}", owner=user)
    ContactPoint.objects.create(value=f"reader{{n}}@customers.example", contact=contact)
mailings.create(
    created_by=user, composer="crm.composed",
    parameters={{"subject": "News", "text": "Hello", "html": "<p>Hello</p>"}},
    consent_purpose="service", contacts=Contact.objects.all(), subject_ref="test:1",
    purpose_key_prefix="news:1",
)
"""


def count_states(home: Home) -> Counter[str]:
    with sqlite3.connect(f"file:{home.database}?mode=ro", uri=True, timeout=10) as database:
        rows = database.execute("SELECT state, count(*) FROM crm_delivery GROUP BY state")
        return Counter(dict(rows.fetchall()))


def is_finished(home: Home) -> bool:
    states = count_states(home)
    return sum(states.values()) == RECIPIENTS and not (
        states["queued"] or states["claimed"] or states["deferred"]
    )


def test_worker_killed_in_a_mailing_is_made_good_with_one_mail_each(home: Home) -> None:
    start_valkey(home)
    start_beat(home)
    worker = start_worker(home, wait=False)
    home.run_code(CREATE_MAILING)
    wait_until(lambda: count_states(home)["sent"] >= 5, timeout_s=60, process=worker)
    worker.kill()
    left = RECIPIENTS - count_states(home)["sent"]

    restarted_at = time.monotonic()
    again = start_worker(home, wait=False)
    wait_until(lambda: is_finished(home), timeout_s=60, process=again)
    took_s = time.monotonic() - restarted_at

    mails = [
        email.message_from_bytes(path.read_bytes())["To"] for path in home.mail_folder.glob("*.eml")
    ]
    assert left > 0
    assert count_states(home) == {"sent": RECIPIENTS}
    assert Counter(mails) == Counter(f"reader{n}@customers.example" for n in range(RECIPIENTS))
    assert took_s <= PATIENCE_S, f"{left} mails took {took_s:.1f} s"


def test_jobs_lost_with_the_broker_are_driven_again(home: Home) -> None:
    valkey = start_valkey(home)
    home.run_code(CREATE_MAILING)
    valkey.kill()

    start_valkey(home)
    start_beat(home)
    worker = start_worker(home)
    wait_until(lambda: is_finished(home), timeout_s=30, process=worker)

    assert count_states(home) == {"sent": RECIPIENTS}
    assert len(list(home.mail_folder.glob("*.eml"))) == RECIPIENTS


def test_broker_killed_under_a_running_worker_is_made_good(home: Home) -> None:
    valkey = start_valkey(home)
    start_beat(home)
    worker = start_worker(home)
    home.run_code(CREATE_MAILING)
    wait_until(lambda: count_states(home)["sent"] >= 5, process=worker)
    valkey.kill()

    restarted_at = time.monotonic()
    start_valkey(home)
    wait_until(lambda: is_finished(home), timeout_s=60, process=worker)
    took_s = time.monotonic() - restarted_at

    assert count_states(home) == {"sent": RECIPIENTS}
    assert len(list(home.mail_folder.glob("*.eml"))) == RECIPIENTS
    assert took_s <= PATIENCE_S, f"took {took_s:.1f} s"


class SlowServer:
    """Takes its time for each mail, so that a worker can die while handing one over."""

    def __init__(self) -> None:
        self.accepted: list[str] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:

        self.accepted.extend(envelope.rcpt_tos)
        await asyncio.sleep(0.1)
        return "250 OK"


@pytest.fixture
def slow_server(home: Home) -> Iterator[SlowServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = SlowServer()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    home.variables["VMCRM_EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
    yield handler
    controller.stop()


def test_worker_killed_while_handing_over_never_sends_twice(
    home: Home, slow_server: SlowServer
) -> None:
    start_valkey(home)
    start_beat(home)
    worker = start_worker(home, wait=False)
    home.run_code(CREATE_MAILING)
    wait_until(lambda: len(slow_server.accepted) >= 7, timeout_s=60, process=worker)
    worker.kill()

    again = start_worker(home, wait=False)
    wait_until(lambda: is_finished(home), timeout_s=60, process=again)

    states = count_states(home)
    assert set(Counter(slow_server.accepted).values()) == {1}
    assert 1 <= states["unknown"] <= 2
    assert states["sent"] == RECIPIENTS - states["unknown"]
