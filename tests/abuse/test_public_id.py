"""The administration's shortcut to public pages, asked for the meeting of another team."""

from collections.abc import Callable

import pytest

from tests.abuse.colleagues import Doors

pytestmark = pytest.mark.process


def test_shortcut_does_not_tell_the_public_id_of_another_teams_meeting(
    doors: Doors, found: Callable[[str], None]
) -> None:
    facts = doors.facts

    answer = doors.anna.get(f"/admin/r/{facts['kind']}/{facts['their_meeting']}/")

    found(f"answered {answer.status}")
    assert answer.status == 404
    assert facts["their_room"] not in answer.address + answer.text
