"""A call with two real relays: one stops in order, one is killed; the call goes on."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from meetings import relay_client
from meetings import room_protocol as rp
from meetings.models import RelayPlace
from tests.media_relay.relay_process import SECRET, RelayProcess, running_relay
from tests.meetings.live.callers import Caller
from tests.meetings.live.conftest import LiveRoom, furnish
from tests.meetings.live.test_calls import hear_and_see, seat_of

pytestmark = pytest.mark.process

Call = tuple[LiveRoom, Caller, Caller]


@pytest.fixture
async def relays(settings: Any) -> AsyncIterator[list[RelayProcess]]:
    async with running_relay(name="one") as one, running_relay(name="two") as two:
        settings.RELAY_URLS, settings.RELAY_SECRET = [one.control, two.control], SECRET
        yield [one, two]
        await relay_client.get_client().aclose()


@pytest.fixture
async def call(transactional_db: None, relays: list[RelayProcess]) -> AsyncIterator[Call]:
    room = LiveRoom(*await sync_to_async(furnish)(), pages=[])
    host, guest = Caller(await room.host_page(), 60), Caller(await room.guest_page(), 180)
    await host.call()
    await guest.call()
    yield room, host, guest
    for caller in (host, guest):
        await caller.hang_up()
    for page in room.pages:
        await page.leave_socket()


async def home_of(relays: list[RelayProcess]) -> RelayProcess:
    place = await RelayPlace.objects.aget()
    return next(relay for relay in relays if relay.control == place.relay)


async def longest_gap_s(caller: Caller, other: Caller, until: float) -> float:
    """The longest time without a new picture of the other person."""
    key, gap, seen_at = (seat_of(other), "camera"), 0.0, time.monotonic()
    count = caller.frames[key]
    while time.monotonic() < until:
        await asyncio.sleep(0.01)
        if caller.frames[key] != count:
            count, seen_at = caller.frames[key], time.monotonic()
        gap = max(gap, time.monotonic() - seen_at)
    return gap


async def test_relay_that_stops_in_order_hands_its_call_over_within_moments(
    call: Call, relays: list[RelayProcess]
) -> None:
    room, host, guest = call
    await hear_and_see(host, guest, 180)
    await hear_and_see(guest, host, 60)
    old = await home_of(relays)

    old.process.send_signal(signal.SIGTERM)
    until = time.monotonic() + 4
    gaps = await asyncio.gather(
        longest_gap_s(host, guest, until), longest_gap_s(guest, host, until)
    )

    assert max(gaps) <= 1.5, gaps
    assert await asyncio.to_thread(old.process.wait, 5) == 0
    assert await home_of(relays) is not old
    await hear_and_see(host, guest, 180)
    await hear_and_see(guest, host, 60)
    assert not any(isinstance(message, rp.RelayLost) for message in host.heard)
    assert [span.left_at async for span in room.guest.presence.all()] == [None]


async def test_killed_relay_loses_its_call_to_the_other_within_five_seconds(
    call: Call, relays: list[RelayProcess]
) -> None:
    _room, host, guest = call
    await hear_and_see(host, guest, 180)
    await hear_and_see(guest, host, 60)
    old = await home_of(relays)

    old.process.kill()
    killed_at = time.monotonic()
    await asyncio.sleep(0.5)
    await hear_and_see(host, guest, 180)
    await hear_and_see(guest, host, 60)

    assert time.monotonic() - killed_at < 5
    assert await home_of(relays) is not old
