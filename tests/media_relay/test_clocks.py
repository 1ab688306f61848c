"""The relay's clocks: what goes wrong in one room stops neither them nor the other rooms."""

import asyncio
import logging

import pytest

from media_relay import clocks
from media_relay.clocks import Clocks
from media_relay.events import EventBus
from media_relay.figures import Figures
from media_relay.room import Room
from media_relay.rooms import Rooms
from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint


class HalfBroken(Rooms):
    """Rooms of which one cannot be tidied."""

    def __init__(self, endpoint: MediaEndpoint, stats: Stats) -> None:
        super().__init__(endpoint=endpoint, bus=EventBus(stats), stats=stats, grace_s=30)
        self.tidied: list[str] = []
        self.went_on = asyncio.Event()

    def tidy(self, room: Room, now: float) -> None:
        if room.name == "broken":
            raise RuntimeError("This room is broken.")
        self.tidied.append(room.name)
        if len(self.tidied) == 5:
            self.went_on.set()
        super().tidy(room, now)


async def test_fault_in_one_room_is_counted_and_stops_no_clock(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(clocks, "REPORT_INTERVAL_S", 0.005)
    stats = Stats()
    endpoint = MediaEndpoint([], stats)
    rooms = HalfBroken(endpoint, stats)
    for name in ("broken", "whole"):
        rooms.open(name)
    figures = Figures(
        name="relay", epoch="e", rooms=rooms, bus=EventBus(stats), endpoint=endpoint, stats=stats
    )
    running = asyncio.create_task(
        Clocks(rooms=rooms, endpoint=endpoint, figures=figures, stats=stats).run()
    )

    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(10):
            await rooms.went_on.wait()
    running.cancel()

    assert set(rooms.tidied) == {"whole"}
    assert stats.faults >= 5
    assert len(caplog.records) <= 2  # counted each time, said once a second
