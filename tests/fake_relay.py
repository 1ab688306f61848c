"""A relay without media that speaks the real control protocol over a real WebSocket.

It answers as PROTOCOL.md of the relay says, remembers what it was asked, and can be told to
refuse, to keep silent, to lose its connections and to start anew.
"""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from media_relay import protocol


class FakeRelay:
    """One relay process: `start`, `stop` and start again as a new one on the same port."""

    def __init__(self, secret: str = "fake-secret") -> None:
        self.secret = secret
        self.port = 0
        self.requests: list[protocol.Request] = []
        self.rooms: dict[str, dict[str, ServerConnection]] = {}
        self.may_publish: dict[tuple[str, str], tuple[str, ...]] = {}
        self.publications: dict[str, protocol.PublicationInfo] = {}
        self.paused: set[tuple[str, str]] = set()
        self.recordings: dict[str, protocol.StartRecording] = {}
        self.refusals: dict[str, protocol.ErrorCode] = {}
        self.refuses_recording_of: set[str] = set()
        """Rooms that are recorded under another name, as far as it knows."""
        self.lost: set[str] = set()
        """Types of requests that do not arrive."""
        self.is_silent = False
        self.is_draining = False
        self.strangers = 0
        """People of other web processes, as far as they make it busy."""
        self._epoch = ""
        self._seq = 0
        self._server: Server | None = None
        self._links: set[ServerConnection] = set()
        self._changed = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/control"

    async def start(self) -> None:
        """A new process: nothing is remembered but the port."""
        self.rooms.clear()
        self.publications.clear()
        self.may_publish.clear()
        self.paused.clear()
        self.recordings.clear()
        self._epoch, self._seq = uuid.uuid4().hex, 0
        self._server = await serve(
            self._serve, "127.0.0.1", self.port, process_request=self._check_secret
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Gone, as after kill -9."""
        if self._server is not None:
            await self.drop_links()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def drop_links(self) -> None:
        """The control connections break; rooms and media stay."""
        for link in list(self._links):
            link.transport.abort()
        await self.until(lambda: not self._links)

    def asked(self, kind: type[protocol.Request]) -> list[Any]:
        """The requests of one kind so far."""
        return [request for request in self.requests if isinstance(request, kind)]

    async def until(self, condition: Any, limit_s: float = 5.0) -> None:
        """Wait until the condition holds; it is looked at after each request."""
        async with asyncio.timeout(limit_s), self._changed:
            await self._changed.wait_for(condition)

    async def offer(self, room: str, participant: str, generation: int = 1) -> None:
        """Offer the participant everything that others publish."""
        others = [p for p in self.publications.values() if p.participant != participant]
        tracks = tuple(
            protocol.TrackInfo(
                mid=str(number),
                publication=each.publication,
                participant=each.participant,
                source=each.source,
            )
            for number, each in enumerate(others)
        )
        event = protocol.SubscribeOffer(
            seq=self._next_seq(),
            room=room,
            participant=participant,
            generation=generation,
            sdp="v=0 offer",
            tracks=tracks,
        )
        await self.rooms[room][participant].send(protocol.encode(event))

    async def name_speaker(self, room: str, participant: str | None) -> None:
        """Tell every connection with somebody in the room who speaks."""
        event = protocol.ActiveSpeaker(seq=self._next_seq(), room=room, participant=participant)
        for link in set(self.rooms[room].values()):
            await link.send(protocol.encode(event))

    async def report_talk(self, room: str, tally: str, seconds: dict[str, float]) -> None:
        """Tell every connection with somebody in the room who has talked for how long."""
        event = protocol.TalkTimes(seq=self._next_seq(), room=room, tally=tally, seconds=seconds)
        for link in set(self.rooms[room].values()):
            await link.send(protocol.encode(event))

    async def report_quality(self, room: str, *known: protocol.ParticipantQuality) -> None:
        """Tell every connection with somebody in the room how well these are connected."""
        event = protocol.RoomQuality(seq=self._next_seq(), room=room, participants=known)
        for link in set(self.rooms[room].values()):
            await link.send(protocol.encode(event))

    async def say_goodbye(self) -> None:
        """As on SIGTERM: no new rooms, and media for a moment longer."""
        self.is_draining = True
        for link in self._links:
            await link.send(
                protocol.encode(protocol.Goodbye(seq=self._next_seq(), reason="The relay stops."))
            )

    async def tell(self, kind: type[protocol.Event], **fields: Any) -> None:
        """An event that concerns one participant, to the connection that speaks for it."""
        event: Any = kind(seq=self._next_seq(), **fields)
        await self.rooms[event.room][event.participant].send(protocol.encode(event))

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _check_secret(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.secret}":
            return connection.respond(401, "no")
        return None

    async def _serve(self, link: ServerConnection) -> None:
        self._links.add(link)
        try:
            await link.send(protocol.encode(self._hello()))
            async for text in link:
                await self._take(link, protocol.decode(str(text)))
        except ConnectionClosed:
            pass
        finally:
            self._links.discard(link)
            await self._tell_changed()

    def _hello(self) -> protocol.Hello:
        rooms = tuple(
            protocol.RoomInfo(room=room, participants=tuple(members), publications=())
            for room, members in self.rooms.items()
        )
        return protocol.Hello(
            seq=self._seq, relay="fake", epoch=self._epoch, version="0", rooms=rooms
        )

    async def _take(self, link: ServerConnection, request: protocol.Message) -> None:
        assert isinstance(request, protocol.Request)
        if request.TYPE in self.lost:
            return
        answer = self._answer(link, request)
        self.requests.append(request)
        if not self.is_silent:
            await link.send(protocol.encode(answer))
        if isinstance(request, protocol.Subscribe) and isinstance(answer, protocol.Ok):
            await self.offer(request.room, request.participant)
        await self._tell_changed()

    async def _tell_changed(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _answer(self, link: ServerConnection, request: Any) -> protocol.Message:
        code = self.refusals.get(request.TYPE) or self._find_fault(request)
        if code is not None:
            return protocol.Error(id=request.id, code=code, sentence=f"fake: {code}")
        return getattr(self, f"_do_{request.TYPE}")(link, request)

    def _find_fault(self, request: Any) -> protocol.ErrorCode | None:
        if isinstance(request, protocol.OpenRoom | protocol.Status | protocol.Drain):
            return None
        if request.room not in self.rooms:
            return "unknown_room"
        if isinstance(request, protocol.JoinRoom | protocol.CloseRoom):
            return None
        if isinstance(request, protocol.StartRecording | protocol.StopRecording):
            return None
        if request.participant not in self.rooms[request.room]:
            return "unknown_participant"
        return None

    async def tell_recording(
        self, room: str, size_bytes: int, state: protocol.RecordingPhase = "recording"
    ) -> None:
        """Say to every connection with somebody in the room how its recording fares."""
        event = protocol.RecordingState(
            seq=self._next_seq(),
            room=room,
            recording=self.recordings[room].recording,
            state=state,
            reason="disk" if state == "disk_low" else "",
            bytes=size_bytes,
            tracks=len(self.recordings[room].tracks),
        )
        for link in set(self.rooms[room].values()):
            await link.send(protocol.encode(event))

    def _do_start_recording(self, _link: ServerConnection, request: Any) -> protocol.Message:
        if request.room in self.refuses_recording_of:
            return protocol.Error(id=request.id, code="cannot_record", sentence="fake: another one")
        self.recordings[request.room] = request
        return protocol.Ok(id=request.id)

    def _do_stop_recording(self, _link: ServerConnection, request: Any) -> protocol.Message:
        running = self.recordings.get(request.room)
        if running is not None and running.recording == request.recording:
            del self.recordings[request.room]
        return protocol.Ok(id=request.id)

    def _do_open_room(self, _link: ServerConnection, request: Any) -> protocol.Message:
        if self.is_draining and request.room not in self.rooms:
            return protocol.Error(id=request.id, code="draining", sentence="fake: draining")
        self.rooms.setdefault(request.room, {})
        return protocol.Ok(id=request.id)

    def _do_status(self, _link: ServerConnection, request: Any) -> protocol.Message:
        return protocol.StatusReport(
            id=request.id,
            relay="fake",
            epoch=self._epoch,
            version="0",
            uptime_s=1,
            is_draining=self.is_draining,
            rooms=len(self.rooms),
            participants=sum(map(len, self.rooms.values())) + self.strangers,
            publications=0,
            subscriptions=0,
            loop_lag_ms=0,
            packets_per_s=0,
            cpu_s=0,
            memory_bytes=0,
            open_files=0,
            queues={},
            counters={},
            drops={},
        )

    def _do_drain(self, _link: ServerConnection, request: Any) -> protocol.Message:
        self.is_draining = True
        return protocol.Ok(id=request.id)

    def _do_close_room(self, _link: ServerConnection, request: Any) -> protocol.Message:
        del self.rooms[request.room]
        return protocol.Ok(id=request.id)

    def _do_join_room(self, link: ServerConnection, request: Any) -> protocol.Message:
        self.rooms[request.room][request.participant] = link
        self.may_publish[request.room, request.participant] = request.may_publish
        return protocol.Joined(id=request.id, publications=tuple(self.publications.values()))

    def _do_leave_room(self, _link: ServerConnection, request: Any) -> protocol.Message:
        del self.rooms[request.room][request.participant]
        gone = [p for p in self.publications.values() if p.participant == request.participant]
        for publication in gone:
            del self.publications[publication.publication]
        return protocol.Ok(id=request.id)

    def _do_set_permissions(self, _link: ServerConnection, request: Any) -> protocol.Message:
        self.may_publish[request.room, request.participant] = request.may_publish
        return protocol.Ok(id=request.id)

    def _do_publish_offer(self, _link: ServerConnection, request: Any) -> protocol.Message:
        allowed = self.may_publish[request.room, request.participant]
        if not set(request.sources.values()) <= set(allowed):
            return protocol.Error(id=request.id, code="not_permitted", sentence="no")
        for source in request.sources.values():
            name = f"{request.participant}-{source}"
            self.publications[name] = protocol.PublicationInfo(
                publication=name, participant=request.participant, source=source
            )
        return protocol.PublishAnswer(id=request.id, sdp="v=0 answer")

    def _do_subscribe(self, _link: ServerConnection, request: Any) -> protocol.Message:
        return protocol.Ok(id=request.id)

    _do_subscribe_answer = _do_subscribe

    def _do_set_view(self, _link: ServerConnection, request: Any) -> protocol.Message:
        return protocol.Ok(id=request.id)

    def _do_pause_publication(self, _link: ServerConnection, request: Any) -> protocol.Message:
        change = self.paused.add if request.paused else self.paused.discard
        change((request.participant, request.source))
        return protocol.Ok(id=request.id)


@contextlib.asynccontextmanager
async def running_relay() -> AsyncIterator[FakeRelay]:
    relay = FakeRelay()
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()
