"""The room's consumer: parse, match, call. What a message does is in `services/`; what it looks
like is in `room_protocol`. Identity and permissions come from the server's session alone.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from crm.services.errors import Refusal
from media_relay import protocol as relay_protocol
from meetings import room_protocol as rp
from meetings.database_threads import in_database
from meetings.ice_servers import ice_servers
from meetings.models.choices import RecordingPolicy, SeatState
from meetings.permissions import can_take_place
from meetings.recording_keeper import get_keeper
from meetings.relay_client import RelayRefused, RelayUnavailable, get_client
from meetings.room_permissions import (
    can_see_quality,
    may_send,
    permissions_of,
    publishable_sources,
)
from meetings.room_quality import seat_quality
from meetings.room_socket import RoomSocket
from meetings.selectors import recording as recordings
from meetings.selectors import room as room_selectors
from meetings.services import chat, fanout, moderation, presence, recording, room, room_access
from meetings.services.room_refusals import NotInRoom, NotPermitted, RoomClosed, SeatRemoved
from meetings.socket_watch import get_watch

LOBBY_EVERY_S: Final = 0.25
OPEN_IN_LOBBY: Final = (rp.Hello, rp.Leave, rp.Ping)

logger = logging.getLogger(__name__)


class RoomConsumer(RoomSocket):
    """One socket of one seat."""

    caller: room_access.Caller | None = None

    async def open(self) -> None:
        self._is_in_room = self._has_said_hello = False
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
        self.caller, self.language = caller, caller.language
        self.meeting, self.seat, self.seat_pk = caller.meeting, caller.seat, caller.seat.pk
        self.role: rp.Role = self.seat.role  # type: ignore[assignment]  # a constraint keeps it so
        self._room, self._name = str(self.meeting.public_id), str(self.seat.public_id)
        self.room_id = self._room
        self._viewer = room_selectors.Viewer(self._name, self.role, self.meeting.kind)
        get_watch().add(self)

    def forget(self) -> None:
        if self.caller is not None:
            get_watch().discard(self)
            get_client().forget(self._room, self._name, self)

    async def vanish(self) -> None:
        if self.caller is None:
            return
        try:
            await in_database(presence.vanish)(connection=self.connection)
        except DatabaseError:
            logger.exception("The watch will notice this socket's silence")

    # --- the page's messages --------------------------------------------------------------------

    async def handle(self, message: rp.ClientMessage) -> None:
        try:
            self._refuse_out_of_place(message)
            await getattr(self, f"on_{message.type}")(message)
        except (RoomClosed, SeatRemoved) as refusal:
            self._refuse(message, refusal.code, str(refusal))
            self._shut(is_over=isinstance(refusal, RoomClosed))
        except (Refusal, RelayRefused, RelayUnavailable) as refusal:
            self._refuse(message, refusal.code, str(refusal))
        except fanout.LAYER_AWAY:
            self._refuse(message, "try_again", _("The room is being repaired. Please wait."))
            self.finish(rp.CLOSE_SERVER_RESTARTS)
        except DatabaseError:
            logger.exception("Seat %s: %s was not stored", self._name, message.type)
            self._refuse(message, "try_again", _("This was not saved. Please try again."))
        except Exception:  # whatever it is, the socket and its room go on
            logger.exception("Seat %s: %s failed", self._name, message.type)
            self._refuse(message, "internal", _("Something went wrong on our side."))

    def _refuse_out_of_place(self, message: rp.ClientMessage) -> None:
        if not self._is_in_room and not isinstance(message, OPEN_IN_LOBBY):
            raise NotInRoom
        if not may_send(self.role, message):
            raise NotPermitted

    def _refuse(self, message: rp.ClientMessage, code: str, sentence: str) -> None:
        self.put(rp.Error(id=message.id, code=code, sentence=sentence))

    async def on_hello(self, message: rp.Hello) -> None:
        await self.listen_to(fanout.seat_group(self._name))
        self.seat = await in_database(room.enter)(
            seat=self.seat, connection=self.connection, is_fresh=message.resume_seq is None
        )
        self._has_said_hello = True
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

    async def on_publish_offer(self, message: rp.PublishOffer) -> None:
        sdp = await get_client().publish_offer(self._room, self._name, message.sdp, message.sources)
        for source in set(message.sources.values()) & self._held_sources:
            await get_client().pause(self._room, self._name, source, paused=True)
        self.put(rp.PublishAnswer(id=message.id, sdp=sdp))

    async def on_subscribe(self, message: rp.Subscribe) -> None:
        await get_client().subscribe(self._room, self._name)
        self.put(rp.Ok(id=message.id))

    async def on_subscribe_answer(self, message: rp.SubscribeAnswer) -> None:
        await get_client().subscribe_answer(self._room, self._name, message.generation, message.sdp)
        self.put(rp.Ok(id=message.id))

    async def on_set_view(self, message: rp.SetView) -> None:
        tiles = tuple(
            relay_protocol.ViewTile(
                participant=tile.seat,
                source=tile.source,
                width=tile.width,
                height=tile.height,
                is_stage=tile.is_stage,
            )
            for tile in message.tiles
        )
        await get_client().set_view(self._room, self._name, tiles)
        self.put(rp.Ok(id=message.id))

    async def on_set_source(self, message: rp.SetSource) -> None:
        was_held = await in_database(room.set_source)(
            seat=self.seat, source=message.source, enabled=message.enabled
        )
        if was_held:
            self._held_sources.discard(message.source)
            await get_client().pause(self._room, self._name, message.source, paused=False)
        self.put(rp.Ok(id=message.id))

    async def on_send_chat(self, message: rp.SendChat) -> None:
        client_id = uuid.UUID(message.client_id)
        await in_database(chat.post)(seat=self.seat, client_id=client_id, text=message.text)
        self.put(rp.Ok(id=message.id))

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
        await get_keeper().tick({self._room})
        self.put(rp.Ok(id=message.id))

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

    async def on_ping(self, message: rp.Ping) -> None:
        self.put(rp.Pong(id=message.id))

    async def _leave_relay(self) -> None:
        get_client().forget(self._room, self._name, self)
        with contextlib.suppress(RelayUnavailable, RelayRefused):
            await get_client().leave(self._room, self._name)

    # --- what the room says (channel layer) -----------------------------------------------------

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

    async def seat_admitted(self, _event: dict[str, Any]) -> None:
        if not self._is_in_room:
            self.put(rp.Admitted())

    async def seat_removed(self, _event: dict[str, Any]) -> None:
        await self._leave_relay()
        self._shut(is_over=False)

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

    def _shut(self, *, is_over: bool) -> None:
        if is_over:
            self.finish(rp.CLOSE_MEETING_ENDED, rp.MeetingEnded())
        else:
            self.finish(rp.CLOSE_FORBIDDEN, rp.Removed())

    # --- what the watch finds -------------------------------------------------------------------

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
            await self.seat_removed({})
        elif facts.role != self.role:
            await self._change_role(facts.role)
        elif self._has_said_hello:
            await self._check_place(facts)

    async def _change_role(self, role: str) -> None:
        """The relay obeys at once; the page comes back and finds its new permissions."""
        with contextlib.suppress(RelayUnavailable, RelayRefused):
            await get_client().set_permissions(self._room, self._name, publishable_sources(role))
        self.finish(rp.CLOSE_SERVER_RESTARTS)

    async def _check_place(self, facts: room_selectors.SeatFacts) -> None:
        if facts.connection not in {"", self.connection}:
            self.finish(rp.CLOSE_REPLACED, rp.Replaced())
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

    # --- what the relay says --------------------------------------------------------------------

    def on_relay_event(self, event: relay_protocol.Event) -> None:
        if isinstance(event, relay_protocol.SubscribeOffer):
            tracks = _offered_tracks(event.tracks)
            self.put(rp.SubscribeOffer(generation=event.generation, sdp=event.sdp, tracks=tracks))
        elif isinstance(event, relay_protocol.TracksMoved):
            self.put(rp.TracksMoved(tracks=_offered_tracks(event.tracks)))
        elif isinstance(event, relay_protocol.ActiveSpeaker):
            self.put(rp.ActiveSpeaker(seat=event.participant))
        elif isinstance(event, relay_protocol.RoomQuality) and can_see_quality(self.role):
            self.put(rp.RoomQuality(seats=tuple(map(seat_quality, event.participants))))
        elif isinstance(event, relay_protocol.LayersWanted):
            self.put(rp.LayersWanted(source=event.source, layers=event.layers))
        elif isinstance(event, relay_protocol.OfferWanted):
            self.put(rp.OfferWanted())
        elif isinstance(event, relay_protocol.VideosPaused):
            videos = tuple(
                rp.VideoName(seat=video.participant, source=video.source) for video in event.videos
            )
            self.put(rp.VideosPaused(videos=videos))
        elif isinstance(event, relay_protocol.RecordingState):
            self._tell_recording(event)

    def _tell_recording(self, event: relay_protocol.RecordingState) -> None:
        """How it fares is for those who may do something about it."""
        if "record" in permissions_of(self.role):
            self.put(
                rp.RecordingStatus(
                    state=event.state,
                    reason=event.reason,
                    size_bytes=event.bytes,
                    tracks=event.tracks,
                )
            )

    def on_relay_lost(self) -> None:
        self.put(rp.RelayLost())

    def on_relay_ready(self) -> None:
        self.put(rp.RelayReady())


def _offered_tracks(
    tracks: tuple[relay_protocol.TrackInfo, ...],
) -> tuple[rp.OfferedTrack, ...]:
    return tuple(
        rp.OfferedTrack(mid=track.mid, seat=track.participant, source=track.source)
        for track in tracks
    )
