"""One function that does each request of the protocol, or says by name why not."""

import logging
import time
from functools import partial

from media_relay.errors import CannotRecord, NotPermitted, RecordingOff, Refusal
from media_relay.events import ControlChannel, EventBus
from media_relay.figures import Figures
from media_relay.protocol import (
    Answer,
    CloseRoom,
    DeleteRecording,
    Drain,
    Error,
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
    StopRecording,
    Subscribe,
    SubscribeAnswer,
)
from media_relay.recording.recorder import Recorder
from media_relay.rooms import Rooms
from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport.faults import FaultScenario
from media_relay.transport.mmsg import Address

logger = logging.getLogger(__name__)


class Requests:
    """Does what the control connections ask for."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        bus: EventBus,
        recorder: Recorder | None,
        figures: Figures,
        endpoint: MediaEndpoint,
        faults: FaultScenario | None,
        stats: Stats,
    ) -> None:
        self._rooms = rooms
        self._bus = bus
        self._recorder = recorder
        self._figures = figures
        self._endpoint = endpoint
        self._faults = faults
        self._stats = stats

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
                self._rooms.open(request.room)
            case CloseRoom():
                self._rooms.close(request.room)
            case JoinRoom():
                return self._join(request, channel)
            case LeaveRoom():
                self._rooms.get(request.room).leave(request.participant)
            case Status():
                return self._figures.status(request.id)
            case Drain():
                self._rooms.is_draining = True
            case InjectFault():
                self._inject(request)
            case StartRecording() | StopRecording() | ListRecordings() | DeleteRecording():
                return self._do_for_recording(request)
            case _:
                return self._do_for_participant(request)
        return Ok(id=request.id)

    def _join(self, request: JoinRoom, channel: ControlChannel) -> Joined:
        room = self._rooms.get(request.room)
        participant = room.join(request.participant, frozenset(request.may_publish))
        self._bus.bind(request.room, request.participant, channel)
        room.repeat_news(participant)
        others = room.publications(without=request.participant)
        return Joined(id=request.id, publications=tuple(entry.info for entry in others))

    # --- for one participant ---

    def _do_for_participant(self, request: Request) -> Answer:
        now = time.monotonic()
        match request:
            case PublishOffer():
                participant = self._rooms.get(request.room).participant(request.participant)
                sdp = participant.publisher.answer(
                    request.sdp, request.sources, participant.may_publish, now
                )
                return PublishAnswer(id=request.id, sdp=sdp)
            case Subscribe():
                room = self._rooms.get(request.room)
                others = room.publications(without=request.participant)
                room.participant(request.participant).subscription.remake(others, now)
            case SubscribeAnswer():
                participant = self._rooms.get(request.room).participant(request.participant)
                participant.subscription.answer(request.generation, request.sdp, now)
            case SetView():
                room = self._rooms.get(request.room)
                others = room.publications(without=request.participant)
                room.participant(request.participant).subscription.set_view(
                    request.tiles, others, now
                )
            case SetPermissions():
                participant = self._rooms.get(request.room).participant(request.participant)
                participant.permit(frozenset(request.may_publish))
            case PausePublication():
                participant = self._rooms.get(request.room).participant(request.participant)
                participant.publisher.pause(request.source, request.paused, now)
            case _:
                raise Refusal(f"The relay does not know how to do {request.TYPE}.")
        return Ok(id=request.id)

    # --- for recordings ---

    def _do_for_recording(
        self, request: StartRecording | StopRecording | ListRecordings | DeleteRecording
    ) -> Answer:
        if self._recorder is None:
            raise RecordingOff("This relay has no folder for recordings.")
        match request:
            case StartRecording():
                self._record(self._recorder, request)
            case StopRecording():
                room = self._rooms.find(request.room)
                if room is not None:
                    room.stop_recording(request.recording)
            case ListRecordings():
                files, has_more = self._recorder.archive.files()
                return RecordingFiles(id=request.id, files=tuple(files), has_more=has_more)
            case DeleteRecording():
                self._recorder.archive.delete(request.file)
        return Ok(id=request.id)

    def _record(self, recorder: Recorder, request: StartRecording) -> None:
        room, now = self._rooms.get(request.room), time.monotonic()
        if room.has_stopped(request.recording):
            raise CannotRecord("This recording was stopped; a new one has a new name.")
        recording = room.recording
        if recording is None:
            recording = recorder.start(request.recording, room.name, now)
            room.start_recording(recording)
        elif recording.name != request.recording:
            raise CannotRecord("The room is being recorded already, under another name.")
        recording.choose(request.tracks, request.revision, room.publications(), now)

    # --- faults on purpose ---

    def _inject(self, request: InjectFault) -> None:
        if self._faults is None:
            raise NotPermitted("This relay was not started with --allow-faults.")
        self._faults.play(request, partial(self._is_concerned, request))

    def _is_concerned(self, request: InjectFault, address: Address) -> bool:
        if request.room is None or request.participant is None:
            return True
        participant = self._rooms.find_participant(request.room, request.participant)
        owner = self._endpoint.owner_of(address)
        return participant is not None and owner is not None and owner in participant.connections
