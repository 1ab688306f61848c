"""Twelve wrong passwords at once: memory stays bounded, and other pages are served meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.abuse.visitors import Answer, Visitor, find_part, forget_limits
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
AT_ONCE = 12
MOST_MB = 400
"""Two computations of 100 MiB, and what a dozen requests take besides."""


def test_wrong_logins_at_once_take_bounded_memory(
    system: RunningSystem, found: Callable[[str], None]
) -> None:
    forget_limits(system)
    web = find_part(system, "vmcrm.web_server")
    visitors = [Visitor(system) for _number in range(AT_ONCE)]
    for visitor in visitors:
        visitor.get("/accounts/login/")
    before = web.memory_info().rss
    Path(f"/proc/{web.pid}/clear_refs").write_text("5")  # the peak begins anew
    start = threading.Barrier(AT_ONCE + 1)

    def log_in(number: int) -> Answer:
        start.wait()
        login = f"person{number}@nowhere.example"
        return visitors[number].post("/accounts/login/", login=login, password="wrong " * 3)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        logins = [threads.submit(log_in, number) for number in range(AT_ONCE)]
        start.wait()
        pages = [Visitor(system).get("/")]
        while not all(login.done() for login in logins):
            pages.append(Visitor(system).get("/"))

    answers = [login.result() for login in logins]
    grew_mb = (_peak_bytes(web.pid) - before) / 2**20
    found(
        f"{AT_ONCE} at once: +{grew_mb:.0f} MB, {len(pages)} other pages meanwhile, "
        f"slowest {max(page.took_s for page in pages):.2f} s"
    )
    assert {answer.status for answer in answers} <= {200, 429}
    assert {page.status for page in pages} == {200}
    assert grew_mb < MOST_MB


def _peak_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")
