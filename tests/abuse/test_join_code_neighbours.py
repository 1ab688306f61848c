"""Wrong join codes lock the browser they came from, not everybody behind its address."""

from collections.abc import Callable

import pytest

from tests.abuse.visitors import Visitor, forget_limits
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process


def test_wrong_codes_lock_their_browser_and_not_the_neighbours(
    system: RunningSystem, furnished: dict[str, str], found: Callable[[str], None]
) -> None:
    forget_limits(system)
    guesser, neighbour = Visitor(system), Visitor(system)

    wrong = [guesser.post("/join/", code="wrongwrong") for _try in range(5)]
    locked = guesser.post("/join/", code=furnished["code"])
    welcome = neighbour.post("/join/", code=furnished["code"])

    found(f"after {len(wrong)} wrong codes: that browser waits, its neighbour comes in")
    assert ["too many tries" in answer.text for answer in [*wrong, locked]] == [False] * 5 + [True]
    assert welcome.headers["Location"] == f"/meetings/{furnished['meeting']}/"
