"""What hosts do to others."""

import contextlib
import uuid

from meetings import room_protocol as rp
from meetings.consumers.seat import SeatSocket
from meetings.database_threads import in_database
from meetings.relay_client import RelayUnavailable, get_client
from meetings.services import moderation


class ModerationRequests(SeatSocket):
    """Stored first; what the relay has to do about it follows."""

    async def on_admit(self, message: rp.Admit) -> None:
        await in_database(moderation.admit)(by=self.seat, seat_id=uuid.UUID(message.seat))
        self.put(rp.Ok(id=message.id))

    async def on_deny(self, message: rp.Deny) -> None:
        await in_database(moderation.deny)(by=self.seat, seat_id=uuid.UUID(message.seat))
        self.put(rp.Ok(id=message.id))

    async def on_mute(self, message: rp.Mute) -> None:
        await in_database(moderation.mute)(
            by=self.seat, seat_id=uuid.UUID(message.seat), source=message.source
        )
        with contextlib.suppress(RelayUnavailable):  # nothing is forwarded then, either
            await get_client().pause(self._room, message.seat, message.source, paused=True)
        self.put(rp.Ok(id=message.id))

    async def on_remove(self, message: rp.Remove) -> None:
        await in_database(moderation.remove)(by=self.seat, seat_id=uuid.UUID(message.seat))
        with contextlib.suppress(RelayUnavailable):
            await get_client().leave(self._room, message.seat)
        self.put(rp.Ok(id=message.id))

    async def on_end_meeting(self, message: rp.EndMeeting) -> None:
        self._is_ending = True  # our own answer comes before the news
        await in_database(moderation.end_meeting)(by=self.seat)
        with contextlib.suppress(RelayUnavailable):
            await get_client().close_room(self._room)
        self.put(rp.Ok(id=message.id))
        self._shut(is_over=True)
