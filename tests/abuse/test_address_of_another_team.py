"""The contact form, asked whether another team knows somebody."""

import re
from collections.abc import Callable

import pytest

from tests.abuse.colleagues import Doors

pytestmark = pytest.mark.process


def test_form_answers_for_another_teams_address_as_for_one_of_nobody(
    doors: Doors, found: Callable[[str], None]
) -> None:
    pages = []
    for address in (doors.facts["their_address"], doors.facts["address_of_nobody"]):
        answer = doors.anna.post(
            f"/admin/crm/contact/{doors.facts['contact']}/change/",
            {
                "name": "Door",
                "points-TOTAL_FORMS": 1,
                "points-INITIAL_FORMS": 0,
                "profile-TOTAL_FORMS": 0,
                "profile-INITIAL_FORMS": 0,
                "points-0-kind": "email",
                "points-0-value": address,
            },
        )
        pages.append(re.sub(r'value="[\w]{64}"', "", answer.text.replace(address, "")))

    found("the same page" if pages[0] == pages[1] else "the pages differ")
    assert "This address cannot be added here." in pages[0]
    assert pages[0] == pages[1]
