"""Chromium whose address changes in mid-call, as on the way from Wi-Fi to a mobile network."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from media_relay import protocol
from tests.media_relay.moving_path import MovingPath, moving_path
from tests.media_relay.relay_process import eventually
from tests.media_relay.test_chromium import CallPage, call_page, start_call

pytestmark = [pytest.mark.browser, pytest.mark.process]

LONGEST_STILL_S = 5.0  # a browser checks a quiet pair every 3.3 s at the latest
WATCH_STATES = """
    window.states = [];
    for (const connection of [publishing, watching]) {
        connection.addEventListener("connectionstatechange", () =>
            window.states.push(connection.connectionState));
    }
"""


@contextlib.asynccontextmanager
async def call_over_moving_paths() -> AsyncIterator[tuple[CallPage, dict[str, MovingPath]]]:
    """A call whose two connections each go through a path of their own."""
    async with contextlib.AsyncExitStack() as stack:
        call = await stack.enter_async_context(call_page(**{"tcp-port": "-1"}))
        paths = {
            connection: await stack.enter_async_context(moving_path(call.media))
            for connection in ("publishing", "watching")
        }
        call.rewrite_answer = paths["publishing"].rewrite
        call.rewrite_offer = paths["watching"].rewrite
        await start_call(call)
        await call.more_frames("camera", 30)
        await call.page.evaluate(WATCH_STATES)
        yield call, paths


async def counters(call: CallPage) -> dict[str, int]:
    report = await call.client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    return dict(report.counters)


async def longest_still_s(call: CallPage, *, more: int, limit_s: float = 20) -> float:
    """Watch until so many more frames are decoded; the longest time between two of them."""
    clock = asyncio.get_running_loop().time
    decoded = (await call.received("camera"))["framesDecoded"]
    wanted, since, longest = decoded + more, clock(), 0.0
    deadline = since + limit_s
    while decoded < wanted:
        assert clock() < deadline, f"{wanted - decoded} of {more} frames are missing"
        await asyncio.sleep(0.05)
        now = (await call.received("camera"))["framesDecoded"]
        if now > decoded:
            decoded, since = now, clock()
        longest = max(longest, clock() - since)
    return longest


@pytest.mark.parametrize("moved", ["publishing", "watching"])
async def test_chromium_address_that_changes_in_mid_call_keeps_the_picture(moved: str) -> None:
    async with call_over_moving_paths() as (call, paths):
        before, ports = await counters(call), paths[moved].seen_ports
        heard = (await call.received("microphone"))["totalAudioEnergy"]

        await paths[moved].move()
        still_s = await longest_still_s(call, more=120)

        after = await counters(call)
        assert paths[moved].seen_ports.isdisjoint(ports)
        assert after["address_changes"] == before["address_changes"] + 1
        assert (after["ice_restarts"], after["handshakes"]) == (0, 2)
        assert still_s < LONGEST_STILL_S
        assert (await call.received("microphone"))["totalAudioEnergy"] > heard
        assert await call.page.evaluate("window.states") == []
        assert await call.page.evaluate(f"{moved}.connectionState") == "connected"


async def test_chromium_ice_restart_from_another_address_keeps_the_picture() -> None:
    """The old address is dead at once: nothing but the restart can bring the packets back."""
    async with call_over_moving_paths() as (call, paths):
        await paths["publishing"].move()
        await call.page.evaluate("restartIce()")
        still_s = await longest_still_s(call, more=120)

        after = await counters(call)
        assert (after["ice_restarts"], after["handshakes"]) == (1, 2)
        assert after["address_changes"] >= 1
        assert still_s < LONGEST_STILL_S

        async def is_connected() -> bool:
            return bool(await call.page.evaluate("publishing.connectionState") == "connected")

        await eventually(is_connected, "the publishing connection says that it is connected")
        assert "failed" not in await call.page.evaluate("window.states")
