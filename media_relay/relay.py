"""The relay as a whole: its rooms, and one function that does each request of the protocol."""

import asyncio
import gc
import logging
import secrets
import time
from collections.abc import Callable
from functools import partial

from media_relay.config import RecordingsPlace
from media_relay.errors import (
    CannotRecord,
    Draining,
    NotPermitted,
    RecordingOff,
    Refusal,
    TooMany,
    UnknownRoom,
)
from media_relay.events import ControlChannel, EventBus
from media_relay.metrics import write_metrics
from media_relay.participant import Participant
from media_relay.process import read_process
from media_relay.protocol import (
    Answer,
    CloseRoom,
    DeleteRecording,
    Drain,
    Error,
    Goodbye,
    Hello,
    InjectFault,
    Joined,
    JoinRoom,
    LeaveRoom,
    ListRecordings,
    Message,
    Ok,
    OpenRoom,
    PausePublication,
    PublishAnswer,
    PublishOffer,
    RecordingFiles,
    Request,
    SetPermissions,
    SetView,
    StartRecording,
    Status,
    StatusReport,
    StopRecording,
    Subscribe,
    SubscribeAnswer,
)
from media_relay.recording.recorder import Recorder
from media_relay.room import Room
from media_relay.stats import LoopLag, Stats
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport.faults import FaultScenario
from media_relay.transport.mmsg import Address

logger = logging.getLogger(__name__)

VERSION = "0.1.0"
MAX_ROOMS = 1_000
TICK_S = 0.095  # transport-wide feedback goes out at this pace: browsers want 50 to 100 ms
REFRESH_INTERVAL_S = 0.25
REPORT_INTERVAL_S = 1.0
LEFT_INTERVAL_S = 0.05
COLLECT_AFTER_ENDS = 16  # connections
QUALITY_INTERVAL_S = 3.0
CONSENT_INTERVAL_S = 0.5
EMPTY_ROOM_S = 600.0  # a room that everybody left is forgotten after this time


Beat = Callable[[float], None]


class Relay:
    """Holds all state of the process; lives on one event loop."""

    def __init__(
        self,
        *,
        name: str,
        endpoint: MediaEndpoint,
        stats: Stats,
        grace_s: float,
        faults: FaultScenario | None = None,
        recordings: RecordingsPlace | None = None,
    ) -> None:
        self.bus = EventBus(stats)
        self.recorder: Recorder | None = None
        if recordings is not None:
            self.recorder = Recorder(recordings.folder, recordings.reserve_bytes, self.bus, stats)
        self.is_draining = False
        self._name = name
        self._epoch = secrets.token_hex(8)
        self._endpoint = endpoint
        self._stats = stats
        self._grace_s = grace_s
        self._faults = faults
        self._rooms: dict[str, Room] = {}
        self._lag = LoopLag()
        self._packets_per_s = 0.0
        self._sent_before = 0
        self._ended_before = 0
        self._started_at = time.monotonic()

    # --- control connections ---

    def open_channel(self, channel: ControlChannel) -> Hello:
        """A control connection came up; the snapshot to greet it with."""
        self.bus.open(channel)
        return Hello(
            seq=self.bus.last_seq,
            relay=self._name,
            epoch=self._epoch,
            version=VERSION,
            rooms=tuple(room.info for room in self._rooms.values()),
        )

    def close_channel(self, channel: ControlChannel) -> None:
        """It is gone. Media goes on; its participants wait for another one to join them."""
        now = time.monotonic()
        for room_name, participant_name in self.bus.close(channel):
            room = self._rooms.get(room_name)
            participant = room.participants.get(participant_name) if room is not None else None
            if participant is not None:
                participant.orphaned_at = now

    def keeps_silent(self, request: Message) -> bool:
        """A fault scenario wants this request left without an answer."""
        faults = self._faults
        is_deaf = faults is not None and not faults.answers_control
        return is_deaf and not isinstance(request, InjectFault)

    def do(self, request: Request, channel: ControlChannel) -> Message:
        """Do what is asked, or say by name why not. Never raises."""
        self._stats.requests += 1
        try:
            return self._do(request, channel)
        except Refusal as refusal:
            self._stats.requests_refused += 1
            return Error(id=request.id, code=refusal.code, sentence=refusal.sentence)
        except Exception:
            self._stats.faults += 1
            logger.exception("The request %s failed.", request.TYPE)
            return Error(id=request.id, code="internal", sentence="The relay made a mistake.")

    def _do(self, request: Request, channel: ControlChannel) -> Answer:
        match request:
            case OpenRoom():
                self._open_room(request.room)
            case CloseRoom():
                self._close_room(request.room)
            case JoinRoom():
                return self._join(request, channel)
            case LeaveRoom():
                self._room(request.room).leave(request.participant)
            case Status():
                return self._status(request.id)
            case Drain():
                self.is_draining = True
            case InjectFault():
                self._inject(request)
            case StartRecording() | StopRecording() | ListRecordings() | DeleteRecording():
                return self._do_for_recording(request)
            case _:
                return self._do_for_participant(request)
        return Ok(id=request.id)

    def _do_for_participant(self, request: Request) -> Answer:
        now = time.monotonic()
        match request:
            case PublishOffer():
                participant = self._participant(request.room, request.participant)
                sdp = participant.publisher.answer(
                    request.sdp, request.sources, participant.may_publish, now
                )
                return PublishAnswer(id=request.id, sdp=sdp)
            case Subscribe():
                room = self._room(request.room)
                others = room.publications(without=request.participant)
                room.participant(request.participant).subscription.remake(others, now)
            case SubscribeAnswer():
                participant = self._participant(request.room, request.participant)
                participant.subscription.answer(request.generation, request.sdp, now)
            case SetView():
                room = self._room(request.room)
                others = room.publications(without=request.participant)
                room.participant(request.participant).subscription.set_view(
                    request.tiles, others, now
                )
            case SetPermissions():
                participant = self._participant(request.room, request.participant)
                participant.permit(frozenset(request.may_publish))
            case PausePublication():
                participant = self._participant(request.room, request.participant)
                participant.publisher.pause(request.source, request.paused, now)
            case _:
                raise Refusal(f"The relay does not know how to do {request.TYPE}.")
        return Ok(id=request.id)

    def _do_for_recording(
        self, request: StartRecording | StopRecording | ListRecordings | DeleteRecording
    ) -> Answer:
        if self.recorder is None:
            raise RecordingOff("This relay has no folder for recordings.")
        match request:
            case StartRecording():
                self._record(self.recorder, request)
            case StopRecording():
                room = self._rooms.get(request.room)
                if room is not None and room.is_recorded_as(request.recording):
                    room.stop_recording()
            case ListRecordings():
                files, has_more = self.recorder.archive.files()
                return RecordingFiles(id=request.id, files=tuple(files), has_more=has_more)
            case DeleteRecording():
                self.recorder.archive.delete(request.file)
        return Ok(id=request.id)

    def _record(self, recorder: Recorder, request: StartRecording) -> None:
        room, now = self._room(request.room), time.monotonic()
        if room.has_stopped(request.recording):
            raise CannotRecord("This recording was stopped; a new one has a new name.")
        recording = room.recording
        if recording is None:
            recording = recorder.start(request.recording, room.name, now)
            room.start_recording(recording)
        elif recording.name != request.recording:
            raise CannotRecord("The room is being recorded already, under another name.")
        recording.choose(request.tracks, request.revision, room.publications(), now)

    def _open_room(self, name: str) -> None:
        if name in self._rooms:
            return
        if self.is_draining:
            raise Draining("The relay is about to stop and takes no new rooms.")
        if len(self._rooms) >= MAX_ROOMS:
            raise TooMany(f"The relay holds at most {MAX_ROOMS} rooms.")
        self._rooms[name] = Room(name, endpoint=self._endpoint, bus=self.bus, stats=self._stats)

    def _close_room(self, name: str) -> None:
        room = self._rooms.pop(name, None)
        if room is not None:
            room.close()

    def _join(self, request: JoinRoom, channel: ControlChannel) -> Joined:
        room = self._room(request.room)
        participant = room.join(request.participant, frozenset(request.may_publish))
        self.bus.bind(request.room, request.participant, channel)
        room.repeat_news(participant)
        others = room.publications(without=request.participant)
        return Joined(id=request.id, publications=tuple(entry.info for entry in others))

    def _inject(self, request: InjectFault) -> None:
        if self._faults is None:
            raise NotPermitted("This relay was not started with --allow-faults.")
        self._faults.play(request, partial(self._is_concerned, request))

    def _is_concerned(self, request: InjectFault, address: Address) -> bool:
        if request.room is None or request.participant is None:
            return True
        room = self._rooms.get(request.room)
        participant = room.participants.get(request.participant) if room is not None else None
        owner = self._endpoint.owner_of(address)
        return participant is not None and owner is not None and owner in participant.connections

    def _room(self, name: str) -> Room:
        room = self._rooms.get(name)
        if room is None:
            raise UnknownRoom("The relay has no such room.")
        return room

    def _participant(self, room: str, name: str) -> Participant:
        return self._room(room).participant(name)

    # --- figures ---

    def metrics(self) -> str:
        """Every figure as Prometheus reads it."""
        return write_metrics(self._status("metrics"), self._lag)

    def _status(self, request_id: str) -> StatusReport:
        participants = [
            entry for room in self._rooms.values() for entry in room.participants.values()
        ]
        process = read_process()
        return StatusReport(
            id=request_id,
            relay=self._name,
            epoch=self._epoch,
            version=VERSION,
            uptime_s=round(time.monotonic() - self._started_at, 3),
            is_draining=self.is_draining,
            rooms=len(self._rooms),
            participants=len(participants),
            publications=sum(len(room.publications()) for room in self._rooms.values()),
            subscriptions=sum(entry.subscription.is_wanted for entry in participants),
            loop_lag_ms=round(self._lag.worst_ms, 3),
            packets_per_s=self._packets_per_s,
            cpu_s=round(process.cpu_s, 3),
            memory_bytes=process.memory_bytes,
            open_files=process.open_files,
            queues={
                "control_messages": self.bus.waiting,
                "datagrams": self._endpoint.waiting,
            },
            counters=self._stats.counters(),
            drops=dict(self._stats.drops),
        )

    def health(self) -> dict[str, str | int | float]:
        """The few facts a readiness probe wants."""
        return {
            "status": "draining" if self.is_draining else "ok",
            "relay": self._name,
            "epoch": self._epoch,
            "rooms": len(self._rooms),
            "loop_lag_ms": round(self._lag.worst_ms, 3),
        }

    # --- life ---

    async def run(self) -> None:
        """Keep the clocks going until cancelled."""
        self._endpoint.listen()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lag.watch())
            tasks.create_task(self._every(TICK_S, self._tick))
            tasks.create_task(self._every(REFRESH_INTERVAL_S, self._refresh))
            tasks.create_task(self._every(CONSENT_INTERVAL_S, self._check_consent))
            tasks.create_task(self._every(REPORT_INTERVAL_S, self._report))
            tasks.create_task(self._every(QUALITY_INTERVAL_S, self._report_quality))

    def say_goodbye(self, reason: str) -> None:
        """Tell every control connection; new rooms are refused from now on."""
        self.is_draining = True
        self.bus.to_all(Goodbye(seq=0, reason=reason))

    async def wait_until_left(self, limit_s: float) -> None:
        """Forward on until everybody has gone elsewhere, or nobody is there to send them."""
        deadline = time.monotonic() + limit_s

        def is_needed() -> bool:
            return self._has_people() and self.bus.has_channels and time.monotonic() < deadline

        while is_needed():  # noqa: ASYNC110 - twenty looks a second, for three seconds of a life
            await asyncio.sleep(LEFT_INTERVAL_S)

    def _has_people(self) -> bool:
        return any(room.participants for room in self._rooms.values())

    def close(self) -> None:
        """End every room and connection."""
        for name in list(self._rooms):
            self._close_room(name)
        self._endpoint.close()
        if self.recorder is not None:
            self.recorder.close()

    async def _every(self, interval_s: float, beat: Beat) -> None:
        while True:
            await asyncio.sleep(interval_s)
            beat(time.monotonic())

    def _tick(self, now: float) -> None:
        for room in list(self._rooms.values()):
            self._guarded(room.tick, now)

    def _refresh(self, now: float) -> None:
        for room in list(self._rooms.values()):
            self._guarded(room.refresh, now)

    def _check_consent(self, now: float) -> None:
        self._guarded(self._endpoint.check_consent, now)

    def _report_quality(self, now: float) -> None:
        for room in list(self._rooms.values()):
            self._guarded(room.report_quality, now)

    def _report(self, now: float) -> None:
        self._collect_garbage()
        sent = self._stats.packets_out
        self._packets_per_s = round((sent - self._sent_before) / REPORT_INTERVAL_S, 1)
        self._sent_before = sent
        for room in list(self._rooms.values()):
            self._guarded(room.report, now)
            self._tidy(room, now)

    def _collect_garbage(self) -> None:
        """Ended connections are cycles with megabytes of keys and packets hanging on few objects.

        Left to itself the collector comes after 70,000 allocations: here after some seven hundred
        departures. With the modules set aside (see __main__) a round takes a few milliseconds.
        """
        if self._stats.connections_ended - self._ended_before >= COLLECT_AFTER_ENDS:
            self._ended_before = self._stats.connections_ended
            gc.collect()

    def _guarded(self, beat: Beat, now: float) -> None:
        """A fault in one room must not stop the clocks of the others."""
        try:
            beat(now)
        except Exception:
            self._stats.faults += 1
            logger.exception("A clock beat failed.")

    def _tidy(self, room: Room, now: float) -> None:
        for participant in list(room.participants.values()):
            since = participant.orphaned_at
            if since is not None and now - since > self._grace_s:
                room.leave(participant.id)
        if room.empty_since is not None and now - room.empty_since > EMPTY_ROOM_S:
            self._close_room(room.name)
