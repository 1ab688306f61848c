"""Keeps the relays recording what the database says, from every web process alike.

The database holds who may be recorded; a relay forgets everything when it dies. So the plan is read
again and again, and sent where it changed or where the relay is a new one. Several processes doing
so do no harm: plans carry a revision, and the relay takes none that is older than what it has.

What the room reads of it is the relay's newest word, whichever process heard it. A process that
does not reach the relay knows nothing against the word that another one has.

A relay that could not be told to stop writes on. So a recording is forgotten only once it was
stopped, and what a relay says it writes is stopped when the database says that it is over.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Final
from weakref import WeakKeyDictionary

from django.utils import timezone

from media_relay.protocol import RecordingState
from meetings.database_threads import in_database
from meetings.models.choices import RecordingTrouble
from meetings.relay_client import RelayRefused, RelayUnavailable, get_client
from meetings.selectors.recording import RecordingPlan, ended_among, id_named, plans
from meetings.services import recording

AGAIN_AFTER_S: Final = 10.0
"""An unchanged plan is sent again: another process may have sent something older in between, and
the answer is the word that keeps those who do not reach the relay from saying that it is away."""

logger = logging.getLogger(__name__)


class RecordingKeeper:
    """What this process has told the relays, and what it has heard of them."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[RecordingPlan, str, float]] = {}
        self._written: dict[str, set[str]] = {}
        """By room: the recordings that its relay was told to write, or says that it writes."""
        self._without_room: set[str] = set()
        """Rooms whose relay records, and has no room on its disk to write anything."""
        self._silent: set[str] = set()
        """Rooms that are to be recorded and whose relay did not answer the last time."""

    async def sync(self, rooms: Iterable[str]) -> None:
        """Bring these rooms up to date. Raises RelayRefused when a relay cannot record one."""
        wanted = set(rooms)
        if not wanted:
            return
        found = await in_database(plans)(wanted)
        refusals = await asyncio.gather(*(self._sync_one(room, found.get(room)) for room in wanted))
        for refusal in refusals:
            if refusal is not None:
                raise refusal

    async def _sync_one(self, room: str, plan: RecordingPlan | None) -> RelayRefused | None:
        try:
            await self._end_others(room, plan)
            if plan is not None:
                await self._tell(room, plan)
        except RelayUnavailable:
            await self._note_silence(room, plan)
            return None
        except RelayRefused as refusal:
            self._silent.discard(room)
            if plan is not None and refusal.code in RecordingTrouble.values:
                await self._note_word(plan, refusal.code)  # others pass by themselves
            return refusal
        self._silent.discard(room)
        return None

    async def tick(self, rooms: Iterable[str]) -> None:
        """From the clock, with all rooms that somebody of this process is in."""
        wanted = set(rooms)
        await self._settle_left(wanted)
        await self.keep(wanted)

    async def keep(self, rooms: Iterable[str]) -> None:
        """As `sync`; hosts read a refusal in the room."""
        try:
            await self.sync(rooms)
        except RelayRefused as refusal:
            logger.warning("A room is not recorded: %s", refusal.detail)

    async def stop(self, room: str, recording: str) -> None:
        """A recording ended here; whether this process began it does not matter."""
        self._written.setdefault(room, set()).add(recording)
        try:
            await get_client().stop_recording(room, recording)
        except RelayRefused as refusal:
            if refusal.code != RecordingTrouble.RECORDING_OFF:  # no folder, no file
                raise
        self._forget(room, recording)

    def hear(self, state: RecordingState) -> None:
        """A relay says how it fares; the next look at the plan takes note of it.

        What it calls by no name of ours belongs to another system.
        """
        if id_named(state.recording) is None:
            return
        if state.state == "stopped":
            self._forget(state.room, state.recording)
            return
        self._written.setdefault(state.room, set()).add(state.recording)
        if state.state == "disk_low":
            self._without_room.add(state.room)
        else:
            self._without_room.discard(state.room)

    async def _tell(self, room: str, plan: RecordingPlan) -> None:
        if self._is_told(room, plan) and plan.trouble == self._trouble(room):
            return
        now = asyncio.get_running_loop().time()
        self._written.setdefault(room, set()).add(plan.recording)
        await get_client().start_recording(room, plan.recording, plan.revision, plan.tracks)
        self._told[room] = (plan, get_client().epoch_of(room), now)
        await self._note_word(plan, self._trouble(room))

    def _is_told(self, room: str, plan: RecordingPlan) -> bool:
        known = self._told.get(room)
        if known is None:
            return False
        told, at_epoch, at = known
        is_same = (told.recording, told.tracks) == (plan.recording, plan.tracks)
        is_recent = asyncio.get_running_loop().time() - at < AGAIN_AFTER_S
        return is_same and is_recent and at_epoch == get_client().epoch_of(room)

    def _trouble(self, room: str) -> str:
        return RecordingTrouble.DISK_LOW.value if room in self._without_room else ""

    async def _end_others(self, room: str, plan: RecordingPlan | None) -> None:
        """Stop what is over. The database has the last word: the plan may have been read before
        another process began what the relay writes now.
        """
        others = self._written.get(room, set()) - ({plan.recording} if plan else set())
        if others:
            for name in await in_database(ended_among)(others):
                await self._stop_or_log(room, name)

    async def _settle_left(self, rooms: set[str]) -> None:
        """Of rooms that everybody here has left only the debts are kept: what is to be stopped.

        What the database still calls running is kept, too: it is over with its meeting at the
        latest, and nobody here may be left to be told.
        """
        for room in self._told.keys() - rooms:
            del self._told[room]
        self._without_room &= rooms
        self._silent &= rooms
        left = self._written.keys() - rooms
        room_of = {name: room for room in left for name in self._written[room]}
        if room_of:
            over = await in_database(ended_among)(room_of)
            await asyncio.gather(*(self._stop_left(room_of[name], name) for name in over))

    async def _stop_left(self, room: str, recording: str) -> None:
        with contextlib.suppress(RelayUnavailable):  # the next tick tries again
            await self._stop_or_log(room, recording)

    async def _stop_or_log(self, room: str, recording: str) -> None:
        """What the relay refuses to stop holds up nothing else, and is tried again."""
        try:
            await self.stop(room, recording)
        except RelayRefused as refusal:
            logger.warning("A recording of room %s is not stopped: %s", room, refusal.detail)

    def _forget(self, room: str, recording: str) -> None:
        written = self._written.get(room, set())
        written.discard(recording)
        if not written:
            self._written.pop(room, None)
            self._without_room.discard(room)
        if room in self._told and self._told[room][0].recording == recording:
            del self._told[room]

    async def _note_silence(self, room: str, plan: RecordingPlan | None) -> None:
        if plan is None:
            self._silent.discard(room)
            return
        if room not in self._silent:
            self._silent.add(room)
            logger.warning("The relay of room %s is away; its recording waits", room)
        await in_database(recording.note_silence)(recording_id=plan.recording, now=timezone.now())

    async def _note_word(self, plan: RecordingPlan, trouble: str) -> None:
        await in_database(recording.note_word)(
            recording_id=plan.recording, trouble=trouble, heard_at=timezone.now()
        )


_keepers: WeakKeyDictionary[asyncio.AbstractEventLoop, RecordingKeeper] = WeakKeyDictionary()


def get_keeper() -> RecordingKeeper:
    """The keeper of the running event loop."""
    return _keepers.setdefault(asyncio.get_running_loop(), RecordingKeeper())
