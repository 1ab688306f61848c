"""Keeps the relays recording what the database says, from every web process alike.

The database holds who may be recorded; a relay forgets everything when it dies. So the plan is read
again and again, and sent where it changed or where the relay is a new one. Several processes doing
so do no harm: plans carry a revision, and the relay takes none that is older than what it has.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final
from weakref import WeakKeyDictionary

from meetings.database_threads import in_database
from meetings.models.choices import RecordingTrouble
from meetings.relay_client import RelayRefused, RelayUnavailable, get_client
from meetings.selectors.recording import RecordingPlan, plans
from meetings.services import recording

AGAIN_AFTER_S: Final = 10.0
"""An unchanged plan is sent again: another process may have sent something older in between."""

logger = logging.getLogger(__name__)


class RecordingKeeper:
    """What this process has told the relays."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[RecordingPlan, str, float]] = {}

    async def sync(self, rooms: Iterable[str]) -> None:
        """Bring these rooms up to date. Raises RelayRefused when a relay cannot record one."""
        wanted = set(rooms)
        if not wanted:
            return
        found = await in_database(plans)(wanted)
        refusals = [await self._sync_one(room, found.get(room)) for room in wanted]
        for refusal in refusals:
            if refusal is not None:
                raise refusal

    async def _sync_one(self, room: str, plan: RecordingPlan | None) -> RelayRefused | None:
        try:
            if plan is None:
                await self._end(room)
            else:
                await self._tell(room, plan)
        except RelayUnavailable:
            logger.warning("The relay of room %s is away; its recording waits", room)
            await _note(plan, RecordingTrouble.RELAY_AWAY)
        except RelayRefused as refusal:
            if refusal.code in RecordingTrouble.values:  # others pass by themselves
                await _note(plan, refusal.code)
            return refusal
        return None

    async def tick(self, rooms: Iterable[str]) -> None:
        """As `sync`, from the clock: hosts read a refusal in the room."""
        try:
            await self.sync(rooms)
        except RelayRefused as refusal:
            logger.warning("A room is not recorded: %s", refusal.detail)

    async def stop(self, room: str, recording: str) -> None:
        """A recording ended here; whether this process began it does not matter."""
        self._told.pop(room, None)
        await get_client().stop_recording(room, recording)

    async def _tell(self, room: str, plan: RecordingPlan) -> None:
        now = asyncio.get_running_loop().time()
        epoch = get_client().epoch_of(room)
        known = self._told.get(room)
        if known is not None:
            told, at_epoch, at = known
            is_same = (told.recording, told.tracks) == (plan.recording, plan.tracks)
            if is_same and at_epoch == epoch and now - at < AGAIN_AFTER_S:
                return
        await get_client().start_recording(room, plan.recording, plan.revision, plan.tracks)
        self._told[room] = (plan, get_client().epoch_of(room), now)
        await _note(plan, "")

    async def _end(self, room: str) -> None:
        known = self._told.pop(room, None)
        if known is not None:
            await get_client().stop_recording(room, known[0].recording)


async def _note(plan: RecordingPlan | None, trouble: str) -> None:
    if plan is not None and plan.trouble != trouble:
        await in_database(recording.note_trouble)(recording_id=plan.recording, trouble=trouble)


_keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, RecordingKeeper] = WeakKeyDictionary()


def get_keeper() -> RecordingKeeper:
    """The keeper of the running event loop."""
    return _keepers.setdefault(asyncio.get_running_loop(), RecordingKeeper())
