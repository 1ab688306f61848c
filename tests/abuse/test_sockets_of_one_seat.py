"""Three hundred sockets of one seat, none of which says hello."""

import asyncio
from collections.abc import Callable

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from meetings.room_protocol import CLOSE_REPLACED
from tests.abuse.colleagues import Colleague, Doors

pytestmark = pytest.mark.process
SOCKETS = 300


async def close_code(socket: ClientConnection) -> int | None:
    try:
        while True:
            await socket.recv()
    except ConnectionClosed:
        return socket.close_code


async def open_many(colleague: Colleague, room: str) -> list[int | None]:
    """The codes of all but the newest, which answers still."""
    address = f"{colleague.base_url.replace('http', 'ws', 1)}/ws/meetings/{room}/"
    headers = {"Cookie": colleague.cookie}
    sockets = [
        await connect(
            address,
            additional_headers=headers,
            origin=colleague.base_url,  # type: ignore[arg-type]
            proxy=None,
        )
        for _number in range(SOCKETS)
    ]
    async with asyncio.timeout(120):
        codes = await asyncio.gather(*map(close_code, sockets[:-1]))
    await (await sockets[-1].ping())
    await sockets[-1].close()
    return codes


def test_seat_holds_one_socket_however_many_it_opens(
    doors: Doors, found: Callable[[str], None]
) -> None:
    codes = asyncio.run(open_many(doors.anna, doors.facts["room"]))

    found(f"{SOCKETS} opened, {SOCKETS - len(codes)} held")
    assert codes == [CLOSE_REPLACED] * (SOCKETS - 1)
