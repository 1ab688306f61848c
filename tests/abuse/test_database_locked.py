"""Another program holds the database: pages and room say so soon; nothing is half-written."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.abuse.visitors import Visitor, forget_limits
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
LONGEST_S = 15.0
"""The lock is held until all have answered: before, pages waited 20 s and sockets longer."""
PERSON = {"name": "Greta Guest", "company_name": "", "time_zone": "UTC"}


@contextmanager
def lock(system: RunningSystem) -> Iterator[None]:
    base = sqlite3.connect(system.home / "vmcrm.sqlite3", isolation_level=None, timeout=30)
    with closing(base):
        base.execute("BEGIN IMMEDIATE")
        yield
        base.execute("ROLLBACK")


def count(system: RunningSystem) -> tuple[int, int]:
    with closing(sqlite3.connect(system.home / "vmcrm.sqlite3")) as base:
        (people,) = base.execute(
            "SELECT count(*) FROM crm_contactpoint WHERE normalised LIKE '%@locked.example'"
        ).fetchone()
        (seats,) = base.execute("SELECT count(*) FROM meetings_registration").fetchone()
    return people, seats


def test_locked_database_is_said_on_pages_in_both_languages_and_nothing_is_half_written(
    system: RunningSystem, furnished: dict[str, str], found: Callable[[str], None]
) -> None:
    forget_limits(system)
    path = f"/meetings/{furnished['meeting']}/register/"
    people = {language: Visitor(system, language=language) for language in ("en", "zh-hans")}
    before = count(system)

    with lock(system):
        read = Visitor(system).get("/meetings/")
        answers = {
            language: person.post(path, email=f"{language}@locked.example", **PERSON)
            for language, person in people.items()
        }
        during = count(system)
    again = people["en"].post(path, email="en@locked.example", **PERSON)

    slowest_s = max(answer.took_s for answer in answers.values())
    found(f"registration while the database is locked: 503 after {slowest_s:.1f} s")
    assert read.status == 200
    assert {answer.status for answer in answers.values()} == {503}
    assert {answer.headers["Retry-After"] for answer in answers.values()} == {"5"}
    assert "The system is busy" in answers["en"].text
    assert "系统繁忙" in answers["zh-hans"].text
    assert during == before
    assert again.status == 302
    assert count(system) == (before[0] + 1, before[1] + 1)
    assert slowest_s < LONGEST_S


async def test_locked_database_is_said_in_the_room_which_the_page_enters_afterwards(
    system: RunningSystem, furnished: dict[str, str], found: Callable[[str], None]
) -> None:
    with lock(system):
        began_at = asyncio.get_running_loop().time()
        refused, code = await _hello(system, furnished)
        took_s = asyncio.get_running_loop().time() - began_at
    entered, _code = await _hello(system, furnished)

    found(f"hello while the database is locked: {refused.get('code')}, {code}, {took_s:.1f} s")
    assert (refused["type"], refused["code"], code) == ("error", "try_again", 1012)
    assert entered["type"] in {"snapshot", "waiting"}


async def _hello(system: RunningSystem, furnished: dict[str, str]) -> tuple[dict[str, Any], int]:
    address = system.base_url.replace("http", "ws") + f"/ws/meetings/{furnished['meeting']}/"
    async with connect(
        address,
        additional_headers={"Cookie": furnished["guest"]},
        origin=system.base_url,  # type: ignore[arg-type]
        proxy=None,
    ) as socket:
        hello = {"v": 1, "type": "hello", "id": "1", "resume_seq": None}
        await socket.send(json.dumps(hello))
        async with asyncio.timeout(LONGEST_S):
            while (answer := json.loads(await socket.recv())).get("id") != "1":
                pass
            if answer["type"] == "error":
                await socket.wait_closed()
    return answer, socket.close_code or 0
