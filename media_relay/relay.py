"""The relay as a whole: its parts put together, who listens to it, how it starts and ends."""

import asyncio
import secrets
import time

from media_relay.clocks import Clocks
from media_relay.config import RecordingsPlace
from media_relay.events import ControlChannel, EventBus
from media_relay.figures import VERSION, Figures
from media_relay.protocol import Goodbye, Hello
from media_relay.recording.recorder import Recorder
from media_relay.requests import Requests
from media_relay.rooms import Rooms
from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport.faults import FaultScenario
from media_relay.transport.roaming import Roaming

LEFT_INTERVAL_S = 0.05


class Relay:
    """Holds all state of the process; lives on one event loop."""

    def __init__(
        self,
        *,
        name: str,
        endpoint: MediaEndpoint,
        stats: Stats,
        grace_s: float,
        faults: FaultScenario | None = None,
        recordings: RecordingsPlace | None = None,
        roaming: Roaming | None = None,
    ) -> None:
        self._name = name
        self._epoch = secrets.token_hex(8)
        self._endpoint = endpoint
        self._bus = bus = EventBus(stats)
        self.recorder: Recorder | None = None
        if recordings is not None:
            self.recorder = Recorder(recordings.folder, recordings.reserve_bytes, bus, stats)
        self.rooms = Rooms(endpoint=endpoint, bus=bus, stats=stats, grace_s=grace_s)
        self.figures = Figures(
            name=name,
            epoch=self._epoch,
            rooms=self.rooms,
            bus=bus,
            endpoint=endpoint,
            stats=stats,
        )
        self.requests = Requests(
            rooms=self.rooms,
            bus=bus,
            recorder=self.recorder,
            figures=self.figures,
            endpoint=endpoint,
            faults=faults,
            stats=stats,
        )
        self._clocks = Clocks(
            rooms=self.rooms,
            endpoint=endpoint,
            figures=self.figures,
            stats=stats,
            roaming=roaming,
        )

    # --- control connections ---

    def open_channel(self, channel: ControlChannel) -> Hello:
        """A control connection came up; the snapshot to greet it with."""
        self._bus.open(channel)
        return Hello(
            seq=self._bus.last_seq,
            relay=self._name,
            epoch=self._epoch,
            version=VERSION,
            rooms=tuple(room.info for room in self.rooms),
        )

    def close_channel(self, channel: ControlChannel) -> None:
        """It is gone. Media goes on; its participants wait for another one to join them."""
        self.rooms.orphan(self._bus.close(channel), time.monotonic())

    # --- life ---

    async def run(self) -> None:
        """Take datagrams and keep the clocks going until cancelled."""
        self._endpoint.listen()
        await self._clocks.run()

    def say_goodbye(self, reason: str) -> None:
        """Tell every control connection; new rooms are refused from now on."""
        self.rooms.is_draining = True
        self._bus.to_all(Goodbye(seq=0, reason=reason))

    async def wait_until_left(self, limit_s: float) -> None:
        """Forward on until everybody has gone elsewhere, or nobody is there to send them."""
        deadline = time.monotonic() + limit_s

        def is_needed() -> bool:
            return self.rooms.has_people and self._bus.has_channels and time.monotonic() < deadline

        while is_needed():  # noqa: ASYNC110 - twenty looks a second, for three seconds of a life
            await asyncio.sleep(LEFT_INTERVAL_S)

    def close(self) -> None:
        """End every room and connection."""
        for room in self.rooms:
            self.rooms.close(room.name)
        self._endpoint.close()
        if self.recorder is not None:
            self.recorder.close()
