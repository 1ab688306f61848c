"""Six people in a room for a long time: all the while one of them leaves and another one comes."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

from media_relay import protocol
from tests.media_relay.peers import ROOM, Peer, Picture, Tone
from tests.media_relay.relay_process import ControlClient, RelayProcess, control_client

CREW = 6
WARM_UP_TURNS = 6  # everybody replaced once: pools and caches have their size then
KEPT_EVENTS = 300


@dataclass(frozen=True)
class SoakFigures:
    """What the relay's process was like after the warm-up and at the end, six people each time."""

    turns: int
    memory_grown_bytes: int
    files_grown: int
    files_left: int  # more than before anybody came, after all have gone
    faults: int
    frames: int


class Crew:
    """The people in the room; the one who has been there longest leaves first."""

    def __init__(self, client: ControlClient) -> None:
        self._client = client
        self._peers: deque[Peer] = deque()
        self._number = 0
        self.frames = 0

    async def come(self) -> Peer:
        """Somebody enters: every third with a camera, all with a microphone."""
        self._number += 1
        peer = Peer(f"person-{self._number}", self._client)
        self._peers.append(peer)
        await peer.join()
        if self._number % 3 == 1:
            await peer.publish(microphone=Tone(), camera=Picture(40 + self._number % 160))
        else:
            await peer.publish(microphone=Tone())
        await peer.watch()
        return peer

    async def go(self) -> None:
        """The one who came first leaves, as a tab that is closed."""
        peer = self._peers.popleft()
        self.frames += sum(peer.frames.values())
        await self._client.do(protocol.LeaveRoom, room=ROOM, participant=peer.name)
        await peer.close()

    async def turn(self) -> None:
        """One goes, one comes, and hears somebody within fifteen seconds."""
        await self.go()
        newcomer = await self.come()
        async with asyncio.timeout(15):
            while sum(newcomer.frames.values()) < 20:  # noqa: ASYNC110 - frames wake nobody
                await asyncio.sleep(0.05)
        del self._client.events[:-KEPT_EVENTS]

    async def all_go(self) -> None:
        while self._peers:
            await self.go()


async def soak(relay: RelayProcess, duration_s: float) -> SoakFigures:
    """Turn after turn for so long, the warm-up before it not counted."""
    async with control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        empty = await _status(client)
        crew, turns = Crew(client), 0
        try:
            for _ in range(CREW):
                await crew.come()
            for _ in range(WARM_UP_TURNS):
                await crew.turn()
            before = await _status(client)
            deadline = time.monotonic() + duration_s
            while time.monotonic() < deadline:
                await crew.turn()
                turns += 1
            after = await _status(client)
        finally:
            await crew.all_go()
        await client.do(protocol.CloseRoom, room=ROOM)
        await asyncio.sleep(1)
        left = await _status(client)
    return SoakFigures(
        turns=turns,
        memory_grown_bytes=after.memory_bytes - before.memory_bytes,
        files_grown=after.open_files - before.open_files,
        files_left=left.open_files - empty.open_files,
        faults=left.counters["faults"],
        frames=crew.frames,
    )


async def _status(client: ControlClient) -> protocol.StatusReport:
    report = await client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    return report
