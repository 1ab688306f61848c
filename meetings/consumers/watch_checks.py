"""What the watch finds out about a seat, and what follows for its socket."""

import contextlib

from meetings import room_protocol as rp
from meetings.consumers.seat import SeatSocket
from meetings.database_threads import in_database
from meetings.models.choices import SeatState
from meetings.relay_client import RelayRefused, RelayUnavailable, get_client
from meetings.room_permissions import publishable_sources
from meetings.selectors import room as room_selectors
from meetings.services import room_access
from meetings.socket_watch import get_watch


class WatchChecks(SeatSocket):
    """Rights that ended, a place that was lost, changes that did not arrive."""

    async def open(self) -> None:
        await super().open()
        if self.caller is not None:
            get_watch().add(self)

    def forget(self) -> None:
        if self.caller is not None:
            get_watch().discard(self)
        super().forget()

    async def is_signed_in(self) -> bool:
        if self.seat.user_id is None:
            return True
        return await in_database(room_access.is_still_host)(
            session_key=self.scope["session"].session_key or "",
            seat=self.seat,
        )

    async def check(self, facts: room_selectors.SeatFacts | None, *, is_signed_in: bool) -> None:
        if facts is None or not is_signed_in or not facts.is_registered:
            await self._leave_relay()
            self.finish(rp.CLOSE_NO_SEAT)
        elif self.caller is None or facts.link_version != self.caller.link_version:
            self.finish(rp.CLOSE_NO_SEAT)
        elif facts.is_meeting_over:
            self._shut(is_over=True)
        elif facts.state == SeatState.REMOVED:
            await self._put_out()
        elif facts.role != self.role:
            await self._change_role(facts.role)
        elif self.has_said_hello:
            await self._check_place(facts)

    def replace(self) -> None:
        """Another socket speaks for the seat."""
        self.finish(rp.CLOSE_REPLACED, rp.Replaced())

    async def _change_role(self, role: str) -> None:
        """The relay obeys at once; the page comes back and finds its new permissions."""
        with contextlib.suppress(RelayUnavailable, RelayRefused):
            await get_client().set_permissions(self._room, self._name, publishable_sources(role))
        self.finish(rp.CLOSE_SERVER_RESTARTS)

    async def _check_place(self, facts: room_selectors.SeatFacts) -> None:
        if facts.connection != self.connection:
            facts = await self._read_again() or facts
        if facts.connection not in {"", self.connection}:
            self.replace()
        elif facts.connection == "":
            self.finish(rp.CLOSE_SERVER_RESTARTS)  # taken for dead: come back and take place
        elif not self._is_in_room:
            if facts.can_take_place:
                self.put(rp.Admitted())
        else:
            if facts.is_live and not self._knows_live:
                self._knows_live = True
                self.put(rp.MeetingLive())
            await self._catch_up(facts.room_sequence)

    async def _read_again(self) -> room_selectors.SeatFacts | None:
        """A place that was taken after the facts were read is not lost."""
        return (await in_database(room_selectors.seat_facts)([self.seat_pk])).get(self.seat_pk)

    async def _catch_up(self, room_sequence: int) -> None:
        """Group messages that were lost on the way: seen twice behind, read from the database."""
        is_behind_still = self._sent_seq < self._lagged_at
        self._lagged_at = room_sequence
        if not is_behind_still:
            return
        deltas = await in_database(room_selectors.deltas_after)(
            self.meeting, self._viewer, self._sent_seq
        )
        for delta in deltas:
            self._sent_seq = max(self._sent_seq, delta.seq)
            self.put(delta)
