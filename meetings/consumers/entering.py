"""Coming in, catching up, and going."""

import logging

from meetings import room_protocol as rp
from meetings.consumers.room_news import RoomNews
from meetings.consumers.talk import TalkNews
from meetings.database_threads import in_database
from meetings.ice_servers import ice_servers
from meetings.models.choices import RecordingPolicy
from meetings.permissions import can_take_place
from meetings.relay_client import RelayRefused, RelayUnavailable, get_client
from meetings.room_permissions import permissions_of, publishable_sources
from meetings.selectors import recording as recordings
from meetings.selectors import room as room_selectors
from meetings.services import fanout, room

logger = logging.getLogger(__name__)


class EnteringRequests(RoomNews, TalkNews):
    """What a page asks when it opens, comes back, and closes. News of the room that arrive while
    the snapshot is read wait for it."""

    async def on_hello(self, message: rp.Hello) -> None:
        await self.listen_to(fanout.seat_group(self._name))
        self.seat = await in_database(room.enter)(
            seat=self.seat, connection=self.connection, is_fresh=message.resume_seq is None
        )
        self.has_said_hello = True
        if not can_take_place(self.seat, self.seat.meeting):
            await self._answer_waiting(message)
            return
        self._early = []
        try:
            await self.listen_to(fanout.room_group(self._room))
            if "admit" in permissions_of(self.role):
                await self.listen_to(fanout.hosts_group(self._room))
            is_relay_ready = await self._join_relay()
            snapshot = await in_database(self._read_snapshot)(message, is_relay_ready)
            self._is_in_room, self._snapshot_seq = True, snapshot.seq
            self._sent_seq = max(self._sent_seq, snapshot.seq)
            self.put(snapshot)
            self._tell_talk()
            self._tell_trouble()
        finally:
            early, self._early = self._early, None
        for event in early:
            self._pass_on(event)

    async def _answer_waiting(self, message: rp.Hello) -> None:
        waiting = await in_database(room_selectors.lobby)(self.meeting)
        seats = [entry.seat for entry in waiting]
        position = seats.index(self._name) + 1 if self._name in seats else None
        meeting = self.seat.meeting
        opens_at = None if meeting.is_room_open else meeting.room_opens_at.isoformat()
        self.put(rp.Waiting(id=message.id, position=position, opens_at=opens_at))

    async def _join_relay(self) -> bool:
        sources = publishable_sources(self.role)
        try:
            await get_client().join(self._room, self._name, sources, self)
        except RelayUnavailable:
            return False
        except RelayRefused as refusal:
            logger.warning("The relay does not take seat %s: %s", self._name, refusal.detail)
            return False
        return True

    def _read_snapshot(self, message: rp.Hello, is_relay_ready: bool) -> rp.Snapshot:
        """The number first: what changes while the rest is read comes again as a delta."""
        sequence = room_selectors.room_sequence(self.meeting)
        permissions = self._permissions()
        self._held_sources = room_selectors.held_sources(self.seat)
        card = room_selectors.meeting_card(self.seat.meeting)
        self._knows_live = card.is_live
        return rp.Snapshot(
            id=message.id,
            seq=sequence,
            meeting=card,
            me=rp.Me(
                seat=self._name,
                role=self.role,
                display_name=self.seat.display_name,
                permissions=permissions,
                agrees_to_recording=recordings.agrees(self.seat),
            ),
            roster=room_selectors.roster(self.meeting, self._viewer),
            lobby=room_selectors.lobby(self.meeting) if "admit" in permissions else (),
            chat=room_selectors.chat_history(self.meeting, self._viewer, message.resume_seq),
            ice_servers=ice_servers(self._name),
            relay="ready" if is_relay_ready else "lost",
            recording=recordings.card(self.meeting),
        )

    def _permissions(self) -> tuple[rp.Permission, ...]:
        """Those of the role, without recording where the meeting was planned without."""
        if self.meeting.recording_policy != RecordingPolicy.NEVER:
            return permissions_of(self.role)
        return tuple(word for word in permissions_of(self.role) if word != "record")

    async def on_fetch(self, message: rp.Fetch) -> None:
        deltas = await in_database(room_selectors.deltas_after)(
            self.meeting, self._viewer, message.after_seq
        )
        self.put(rp.Missed(id=message.id, messages=deltas))

    async def on_leave(self, message: rp.Leave) -> None:
        self._is_in_room = False
        await in_database(room.leave)(seat=self.seat, connection=self.connection)
        await self._leave_relay()
        self.finish(1000, rp.Ok(id=message.id))
