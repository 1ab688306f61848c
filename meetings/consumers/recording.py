"""The recording: who starts and ends it, and what each person says to it."""

import asyncio
import contextlib

from django.utils import translation

from media_relay import protocol as relay_protocol
from meetings import room_protocol as rp
from meetings.consumers.seat import SeatSocket
from meetings.database_threads import in_database
from meetings.recording_keeper import get_keeper
from meetings.relay_client import RelayRefused, RelayUnavailable
from meetings.services import recording


class RecordingRequests(SeatSocket):
    """Stored here; the keeper sees to it that the relay records what it may."""

    def on_relay_event(self, event: relay_protocol.Event) -> None:
        super().on_relay_event(event)
        if isinstance(event, relay_protocol.RecordingState):
            get_keeper().hear(event)

    async def on_start_recording(self, message: rp.StartRecording) -> None:
        """The notice goes out here; the relay is asked when it has stood long enough."""
        await in_database(recording.start)(by=self.seat)
        self.put(rp.Ok(id=message.id))
        self.start(self._begin_recording())

    async def _begin_recording(self) -> None:
        await asyncio.sleep(recording.NOTICE.total_seconds() + 0.05)
        try:
            await get_keeper().sync({self._room})
        except RelayRefused as refusal:
            await in_database(recording.stop)(by=self.seat)
            with translation.override(self.language):
                self.put(rp.Error(code=refusal.code, sentence=str(refusal)))

    async def on_stop_recording(self, message: rp.StopRecording) -> None:
        stopped = await in_database(recording.stop)(by=self.seat)
        if stopped is not None:
            with contextlib.suppress(RelayUnavailable):
                await get_keeper().stop(self._room, str(stopped.public_id))
        self.put(rp.Ok(id=message.id))

    async def on_answer_recording(self, message: rp.AnswerRecording) -> None:
        await in_database(recording.answer)(seat=self.seat, is_agreeing=message.agrees)
        await get_keeper().keep({self._room})
        self.put(rp.Ok(id=message.id))
