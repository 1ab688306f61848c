"""Addresses that nobody proved fill no meeting; who confirms gets each seat once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.abuse.visitors import Visitor, personal_path, plan_meeting, read_mail
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
SEATS = 2


def test_invented_addresses_hold_no_seat_and_confirming_at_once_overbooks_none(
    system: RunningSystem, found: Callable[[str], None]
) -> None:
    meeting = plan_meeting(system, capacity=SEATS)
    for number in range(SEATS + 3):
        Visitor(system).post(
            f"{meeting}register/", name="Nobody", email=f"invented{number}@nowhere.example"
        )
    real = [f"real{number}@guests.example" for number in range(SEATS + 2)]

    answers = [
        Visitor(system).post(f"{meeting}register/", name="Somebody", email=address)
        for address in real
    ]
    links = [personal_path(read_mail(system, to=address)) for address in real]
    people = [Visitor(system) for _link in links]
    for person, link in zip(people, links, strict=True):
        assert person.get(link).status == 200
    with ThreadPoolExecutor(len(links)) as pool:
        confirmed = list(pool.map(lambda person, link: person.post(link).status, people, links))

    found(
        f"{SEATS} seats: {SEATS + 3} invented addresses held none, "
        f"{confirmed.count(302)} of {len(links)} that confirmed at once got one"
    )
    assert [answer.status for answer in answers] == [302] * len(real)
    assert sorted(confirmed) == [302] * SEATS + [409] * (len(real) - SEATS)
    assert "This meeting is full." in Visitor(system).get(meeting).text
