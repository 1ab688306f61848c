"""A thousand connections that begin a request and never end it leave the site to others."""

import contextlib
import select
import socket
import time
from collections.abc import Sequence

import pytest

from tests.abuse.strangers import Stranger
from tests.processes import wait_until
from vmcrm.descriptors import raise_limit
from vmcrm.web_server.doorkeeper import Limits

pytestmark = pytest.mark.process

CROWD = 1_000
LIMITS = Limits()


def count_open(lines: Sequence[socket.socket]) -> int:
    """Those that the server has not closed; nothing else would come from it."""
    poll = select.poll()
    for line in lines:
        poll.register(line, select.POLLIN)
    return len(lines) - len(poll.poll(0))


def test_unfinished_requests_of_one_address_make_room_for_everybody_else(system, found):
    assert raise_limit() > CROWD + 100
    crowd, guest = Stranger(system, "127.0.0.21"), Stranger(system, "127.0.0.22")
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(crowd.open()) for _ in range(CROWD)]
        for line in lines:
            with contextlib.suppress(OSError):
                line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        wait_until(lambda: count_open(lines) <= LIMITS.waiting_per_address)
        kept, started = count_open(lines), time.monotonic()
        answers = [guest.get("/").status, crowd.get("/").status]
        took_s = time.monotonic() - started

        wait_until(lambda: count_open(lines) == 0, timeout_s=LIMITS.head_within_s + 60)

    assert answers == [200, 200]
    found(f"of {CROWD} half requests {kept} were held, none for long; two pages in {took_s:.1f} s")
