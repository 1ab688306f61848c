"""Whose socket it is, and that person's place on the relay."""

import contextlib
import logging
from typing import Any

from django.db import DatabaseError

from media_relay import protocol as relay_protocol
from meetings import room_protocol as rp
from meetings.consumers.relay_events import page_message
from meetings.database_threads import in_database
from meetings.relay_client import RelayRefused, RelayUnavailable, get_client
from meetings.room_socket import RoomSocket
from meetings.selectors import room as room_selectors
from meetings.services import presence, room_access

logger = logging.getLogger(__name__)


class SeatSocket(RoomSocket):
    """The socket of one seat. Identity and permissions come from the server's session alone."""

    caller: room_access.Caller | None = None

    async def open(self) -> None:
        self._is_in_room = self.has_said_hello = False
        self._is_lobby_due = self._is_ending = self._knows_live = False
        self._snapshot_seq = self._sent_seq = self._lagged_at = 0
        self._held_sources: set[str] = set()
        self._early: list[dict[str, Any]] | None = None
        try:
            caller = await in_database(room_access.identify)(
                scope=self.scope, public_id=self.scope["url_route"]["kwargs"]["public_id"]
            )
        except room_access.NoSeat as refusal:
            self.finish(refusal.close_code)
            return
        except DatabaseError as error:
            logger.warning("No socket without the database; the page will come back: %s", error)
            self.finish(rp.CLOSE_SERVER_RESTARTS)
            return
        self.caller, self.language = caller, caller.language
        self.meeting, self.seat, self.seat_pk = caller.meeting, caller.seat, caller.seat.pk
        self.role: rp.Role = self.seat.role  # type: ignore[assignment]  # a constraint keeps it so
        self._room, self._name = str(self.meeting.public_id), str(self.seat.public_id)
        self.room_id = self._room
        self._viewer = room_selectors.Viewer(self._name, self.role, self.meeting.kind)

    def forget(self) -> None:
        if self.caller is not None:
            get_client().forget(self._room, self._name, self)

    async def vanish(self) -> None:
        if self.caller is None:
            return
        try:
            await in_database(presence.vanish)(connection=self.connection)
        except DatabaseError as error:
            logger.warning("The watch will notice this socket's silence: %s", error)

    async def _leave_relay(self) -> None:
        get_client().forget(self._room, self._name, self)
        with contextlib.suppress(RelayUnavailable, RelayRefused):
            await get_client().leave(self._room, self._name)

    async def _put_out(self) -> None:
        """A host removed the seat."""
        await self._leave_relay()
        self._shut(is_over=False)

    def _shut(self, *, is_over: bool) -> None:
        if is_over:
            self.finish(rp.CLOSE_MEETING_ENDED, rp.MeetingEnded())
        else:
            self.finish(rp.CLOSE_FORBIDDEN, rp.Removed())

    # --- what the relay says --------------------------------------------------------------------

    def on_relay_event(self, event: relay_protocol.Event) -> None:
        message = page_message(event, self.role)
        if message is not None:
            self.put(message)

    def on_relay_lost(self) -> None:
        self.put(rp.RelayLost())

    def on_relay_ready(self) -> None:
        self.put(rp.RelayReady())
