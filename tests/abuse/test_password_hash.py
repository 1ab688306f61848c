"""A salesperson asks the list of colleagues for the administrator's password, letter by letter."""

from collections.abc import Callable

import pytest

from tests.abuse.colleagues import Doors

pytestmark = pytest.mark.process
ADMINISTRATOR = "admin@lumen.example"
WAYS = ("startswith", "regex", "gte", "contains")


def test_no_letter_of_a_password_hash_is_told(doors: Doors, found: Callable[[str], None]) -> None:
    right = doors.facts["hash"]
    read = 0

    for way in WAYS:
        answers = [
            doors.anna.get("/admin/crm/user/", {"email": ADMINISTRATOR, f"password__{way}": guess})
            for guess in (right[:20], "zzzz")
        ]
        read += answers[0].text.count(ADMINISTRATOR) != answers[1].text.count(ADMINISTRATOR)
        assert [answer.status for answer in answers] == [400, 400]

    found(f"{read} of {len(WAYS)} ways of asking told a right guess from a wrong one")
    assert read == 0
