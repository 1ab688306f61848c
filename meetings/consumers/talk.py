"""For hosts: how long everybody has talked, summed up from the database."""

import asyncio
from typing import Final

from media_relay import protocol as relay_protocol
from meetings.consumers.seat import SeatSocket
from meetings.database_threads import in_database
from meetings.room_permissions import can_see_figures
from meetings.selectors import room as room_selectors

TALK_AFTER_S: Final = 0.5
"""What a relay counted is stored by then."""


class TalkNews(SeatSocket):
    """A relay reports its own tally; a host reads the sum of all."""

    _is_talk_due = False

    def on_relay_event(self, event: relay_protocol.Event) -> None:
        super().on_relay_event(event)
        if isinstance(event, relay_protocol.TalkTimes):
            self._tell_talk()

    def _tell_talk(self) -> None:
        if can_see_figures(self.role) and not self._is_talk_due:
            self._is_talk_due = True
            self.start(self._send_talk())

    async def _send_talk(self) -> None:
        await asyncio.sleep(TALK_AFTER_S)
        self._is_talk_due = False
        talk = await in_database(room_selectors.talk_times)(self.meeting)
        if talk.seats:
            self.put(talk)
