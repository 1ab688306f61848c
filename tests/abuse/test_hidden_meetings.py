"""A meeting by invitation and one that does not exist answer alike, at every door."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect

from tests.abuse.visitors import Visitor, forget_limits, without_marks
from tests.system.running import RunningSystem

pytestmark = pytest.mark.process
PAGES = ("", "register/", "calendar.ics", "left/", "room/")


def test_hidden_meeting_answers_on_every_page_as_one_that_does_not_exist(
    system: RunningSystem, furnished: dict[str, str], found: Callable[[str], None]
) -> None:
    forget_limits(system)
    differing = []
    for page in PAGES:
        hidden, unknown = [
            _look(system, f"/meetings/{public_id}/{page}", public_id)
            for public_id in (furnished["hidden"], str(uuid4()))
        ]
        if hidden != unknown or hidden[0] != 404:
            differing.append(page or "detail")
    pasted = [_paste(system, public_id) for public_id in (furnished["hidden"], str(uuid4()))]

    found(f"pages that differ: {', '.join(differing) or 'none'} of {len(PAGES)} and the join form")
    assert differing == []
    assert pasted[0] == pasted[1]


async def test_hidden_meeting_answers_on_the_socket_as_one_that_does_not_exist(
    system: RunningSystem, furnished: dict[str, str], found: Callable[[str], None]
) -> None:
    codes = []
    for public_id in (furnished["hidden"], str(uuid4())):
        address = system.base_url.replace("http", "ws") + f"/ws/meetings/{public_id}/"
        async with connect(address, origin=system.base_url, proxy=None) as socket:  # type: ignore[arg-type]
            await socket.wait_closed()
            codes.append(socket.close_code)

    found(f"socket closed with {codes}")
    assert codes == [4004, 4004]


def _look(system: RunningSystem, path: str, public_id: str) -> tuple[int, str]:
    answer = Visitor(system).get(path)
    return answer.status, without_marks(answer.text, public_id)


def _paste(system: RunningSystem, public_id: str) -> tuple[int, str]:
    answer = Visitor(system).post("/join/", code=f"{system.base_url}/meetings/{public_id}/")
    return answer.status, without_marks(answer.text, public_id)
