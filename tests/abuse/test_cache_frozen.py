"""Valkey does not answer: pages go on, limits hold, each answer comes in seconds and in words."""

from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.abuse.visitors import Visitor, find_part, forget_limits
from tests.processes import wait_until
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
LONGEST_S = 30.0
"""Far beyond the second it takes: what is excluded is waiting until the part comes back."""


@pytest.fixture
def frozen(system: RunningSystem, furnished: dict[str, str]) -> Iterator[None]:
    forget_limits(system)
    valkey, supervisor = find_part(system, "valkey.sock"), psutil.Process(system.process.pid)
    supervisor.suspend()  # or it would put another one in its place before a slow machine is done
    valkey.suspend()
    try:
        yield
    finally:
        valkey.resume()
        supervisor.resume()
        wait_until(lambda: Visitor(system).get("/readyz").status == 200, timeout_s=60)


def test_frozen_cache_neither_opens_limits_nor_closes_pages(
    system: RunningSystem, frozen: None, furnished: dict[str, str], found: Callable[[str], None]
) -> None:
    guesser, guest, person = Visitor(system), Visitor(system), Visitor(system)
    path = f"/meetings/{furnished['meeting']}/register/"

    codes = [guesser.post("/join/", code="wrongwrong") for _try in range(7)]
    registered = guest.post(
        path, name="Greta Guest", email="greta@nowhere.example", company_name="", time_zone="UTC"
    )
    login = person.post("/accounts/login/", login="nobody@nowhere.example", password="wrong one")
    ready = person.get("/readyz")

    took = {
        "join code": max(answer.took_s for answer in codes), "registration": registered.took_s,
        "login": login.took_s, "readiness": ready.took_s,
    }  # fmt: skip
    found("while frozen: " + ", ".join(f"{door} {s:.2f} s" for door, s in took.items()))
    assert ["too many tries" in answer.text for answer in codes] == [False] * 5 + [True] * 2
    assert (registered.status, registered.headers["Location"]) == (302, f"{path}?sent=1")
    assert (login.status, "not correct" in login.text) == (200, True)
    assert ready.status == 503
    assert max(took.values()) < LONGEST_S
