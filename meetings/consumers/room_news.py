"""What happened in the room elsewhere, as the channel layer brings it."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

from media_relay import protocol as relay_protocol
from meetings import room_protocol as rp
from meetings.consumers.seat import SeatSocket
from meetings.database_threads import in_database
from meetings.relay_client import RelayRefused, RelayUnavailable, get_client
from meetings.room_permissions import permissions_of
from meetings.selectors import recording as recordings
from meetings.selectors import room as room_selectors

LOBBY_EVERY_S: Final = 0.25


class RoomNews(SeatSocket):
    """Each method is named for the `type` of a group message (see `services/fanout.py`)."""

    async def room_changed(self, event: dict[str, Any]) -> None:
        if self._early is not None:
            self._early.append(event)
        elif self._is_in_room:
            self._pass_on(event)

    def _pass_on(self, event: Mapping[str, Any]) -> None:
        """Changes may come late and overtake each other; what the snapshot held is left out."""
        if event["seq"] <= self._snapshot_seq:
            return
        is_plain = self._viewer.may_see(event["seat"], event["role"])
        self._sent_seq = max(self._sent_seq, event["seq"])
        self.put_text(event["text"] if is_plain else event["masked"])

    async def room_ended(self, _event: dict[str, Any]) -> None:
        if not self._is_ending:
            self._shut(is_over=True)

    async def lobby_changed(self, _event: dict[str, Any]) -> None:
        """Many may come at once: the list is read and sent at most four times a second."""
        if not self._is_lobby_due:
            self._is_lobby_due = True
            self.start(self._send_lobby())

    async def _send_lobby(self) -> None:
        await asyncio.sleep(LOBBY_EVERY_S)
        self._is_lobby_due = False
        self.put(rp.LobbyChanged(lobby=await in_database(room_selectors.lobby)(self.meeting)))

    async def recording_troubled(self, _event: dict[str, Any]) -> None:
        """The media server does not record: why, for those who may do something about it."""
        self._tell_trouble()

    def _tell_trouble(self) -> None:
        if self._is_in_room and "record" in permissions_of(self.role):
            self.start(self._send_trouble())

    async def _send_trouble(self) -> None:
        trouble: Any = await in_database(recordings.trouble_of)(self.meeting)
        if trouble:
            self.put(rp.RecordingStatus(state="refused", reason=trouble, size_bytes=0, tracks=0))

    async def seat_admitted(self, _event: dict[str, Any]) -> None:
        if not self._is_in_room:
            self.put(rp.Admitted())

    async def seat_removed(self, _event: dict[str, Any]) -> None:
        await self._put_out()

    async def seat_replaced(self, event: dict[str, Any]) -> None:
        if event["connection"] != self.connection:
            self.finish(rp.CLOSE_REPLACED, rp.Replaced())

    async def seat_muted(self, event: dict[str, Any]) -> None:
        self._held_sources.add(event["source"])
        self.put(rp.ForceMute(source=event["source"], by=event["by"]))
        self.start(self._pause_held(event["source"]))

    async def _pause_held(self, source: relay_protocol.Source) -> None:
        with contextlib.suppress(RelayUnavailable, RelayRefused):
            await get_client().pause(self._room, self._name, source, paused=True)
