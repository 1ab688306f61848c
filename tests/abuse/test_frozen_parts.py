"""A web process or a media server that stands still is started again by itself."""

import time

import pytest

from tests.abuse.strangers import Stranger
from tests.abuse.visitors import find_part, look_for_part
from tests.processes import wait_until

pytestmark = pytest.mark.process


def test_frozen_web_and_relay_are_replaced(system, found):
    words = ("vmcrm.web_server", "media_relay")
    frozen = [find_part(system, word) for word in words]
    for part in frozen:
        part.suspend()
    started = time.monotonic()

    # They are killed and not resumed: whatever happens, no test leaves a frozen process behind.
    wait_until(
        lambda: all(look_for_part(system, word) not in (None, *frozen) for word in words),
        timeout_s=120,
    )
    noticed_s = time.monotonic() - started
    ready = Stranger(system, "127.0.0.51")
    wait_until(lambda: answers_ready(ready), timeout_s=120)

    assert "web gave no sign of life for" in system.output.read_text()
    found(f"frozen web and relay: replaced after {noticed_s:.0f} s")


def answers_ready(stranger: Stranger) -> bool:
    try:
        return stranger.get("/readyz").status == 200
    except OSError:
        return False
