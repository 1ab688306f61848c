"""A busy machine is not a slow network: Chromium beside processes that take all they get."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from media_relay import protocol
from tests.media_relay.relay_process import eventually
from tests.media_relay.test_chromium import CallPage, call_page, start_call

pytestmark = [pytest.mark.browser, pytest.mark.process]

LOOP = "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end: pass"
LOOPS_PER_CORE = 8
ROUNDS = 5  # of the relay's figures, one every three seconds: it decides six times in each


async def test_chromium_on_a_busy_machine_no_video_is_paused_on_loopback() -> None:
    async with call_page() as call:
        await call.look(720)
        await start_call(call, simulcast=True)
        await call.page.evaluate("shareScreen()")
        await call.more_frames("screen", 10)

        with busy_machine():
            await more_rounds(call, ROUNDS)

        paused = [e for e in call.client.events if isinstance(e, protocol.VideosPaused)]
        assert [event.videos for event in paused] == []


async def more_rounds(call: CallPage, count: int) -> None:
    """Until the relay has told its figures so many times more."""

    def told() -> int:
        return sum(isinstance(event, protocol.RoomQuality) for event in call.client.events)

    wanted = told() + count

    async def are_told() -> bool:
        return told() >= wanted

    await eventually(are_told, f"{count} more rounds of figures", limit_s=60)


@contextlib.contextmanager
def busy_machine() -> Iterator[None]:
    """Loops that end by themselves, should nobody end them.

    Each in a session of its own: Linux shares a core between sessions before it shares it between
    their processes, so that loops of one session together would hardly be felt.
    """
    command = [sys.executable, "-c", LOOP]
    count = LOOPS_PER_CORE * (os.cpu_count() or 1)
    loops = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
