"""aiortc peers that publish through the relay and watch it, for tests."""

import asyncio
import fractions
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack
from av import AudioFrame, VideoFrame

from media_relay import protocol
from tests.media_relay.relay_process import ControlClient, eventually

ROOM = "room-1"


class Tone(AudioStreamTrack):
    """A loud sine, so that the audio level is far from silence."""

    def __init__(self, amplitude: int = 12_000) -> None:
        super().__init__()
        self.amplitude = amplitude
        self._position = 0

    async def recv(self) -> AudioFrame:
        silence = await super().recv()
        samples = silence.samples
        times = (np.arange(samples) + self._position) / silence.sample_rate
        self._position += samples
        wave = (np.sin(2 * np.pi * 440 * times) * self.amplitude).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.pts, frame.sample_rate = silence.pts, silence.sample_rate
        frame.time_base = fractions.Fraction(1, silence.sample_rate)
        return frame


class Picture(VideoStreamTrack):
    """A small picture of one grey value at 30 frames a second."""

    def __init__(self, grey: int) -> None:
        super().__init__()
        self._image = np.full((96, 128, 3), grey, dtype=np.uint8)

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = VideoFrame.from_ndarray(self._image, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


@dataclass
class Peer:
    """One participant: a publish and a subscribe connection over one control client."""

    name: str
    client: ControlClient
    room: str = ROOM
    publishing: RTCPeerConnection = field(default_factory=RTCPeerConnection)
    watching: RTCPeerConnection | None = None
    frames: Counter[str] = field(default_factory=Counter)  # by publication
    brightness: dict[str, float] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _sources: dict[str, protocol.Source] = field(default_factory=dict)  # by track id
    _seen_mids: set[str] = field(default_factory=set)
    _carries: dict[str, str] = field(default_factory=dict)  # mid -> publication

    async def join(self, *may_publish: protocol.Source) -> protocol.Joined:
        answer = await self.client.do(
            protocol.JoinRoom,
            room=self.room,
            participant=self.name,
            may_publish=may_publish or protocol.SOURCES,
        )
        assert isinstance(answer, protocol.Joined)
        return answer

    async def publish(self, **tracks: MediaStreamTrack) -> None:
        """Add tracks by source name and renegotiate."""
        for source, track in tracks.items():
            self.publishing.addTrack(track)
            self._sources[track.id] = source  # type: ignore[assignment]
        await self.publishing.setLocalDescription(await self.publishing.createOffer())
        answer = await self.client.do(
            protocol.PublishOffer,
            room=self.room,
            participant=self.name,
            sdp=self.publishing.localDescription.sdp,
            sources=self.sources_by_mid(),
        )
        assert isinstance(answer, protocol.PublishAnswer)
        await self.publishing.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))

    def sources_by_mid(self) -> dict[str, protocol.Source]:
        return {
            transceiver.mid: self._sources[transceiver.sender.track.id]
            for transceiver in self.publishing.getTransceivers()
            if transceiver.sender.track is not None
        }

    async def watch(self) -> None:
        """Subscribe, and answer every offer from now on."""
        self.watching = RTCPeerConnection()
        await self.client.do(protocol.Subscribe, room=self.room, participant=self.name)
        self._tasks.append(asyncio.create_task(self._answer_offers(self.watching)))
        self._tasks.append(asyncio.create_task(self._follow_moves()))

    async def frames_of(self, publication: str, at_least: int = 5, limit_s: float = 15) -> None:
        """Wait until so many more frames of a publication were decoded."""
        wanted = self.frames[publication] + at_least

        async def are_decoded() -> bool:
            return self.frames[publication] >= wanted

        await eventually(are_decoded, f"{at_least} frames decoded by {self.name}", limit_s)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.publishing.close()
        if self.watching is not None:
            await self.watching.close()

    async def _follow_moves(self) -> None:
        seen = 0
        while True:
            moved = await self.client.wait_for(
                protocol.TracksMoved,
                lambda event, seen=seen: event.participant == self.name and event.seq > seen,
                limit_s=3600,
            )
            seen = moved.seq
            self._carries = {track.mid: track.publication for track in moved.tracks}

    async def _answer_offers(self, watching: RTCPeerConnection) -> None:
        seen = 0
        while True:
            offer = await self.client.wait_for(
                protocol.SubscribeOffer,
                lambda event, seen=seen: event.participant == self.name and event.generation > seen,
                limit_s=3600,
            )
            seen = offer.generation
            await watching.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            await watching.setLocalDescription(await watching.createAnswer())
            await self.client.do(
                protocol.SubscribeAnswer,
                room=self.room,
                participant=self.name,
                generation=offer.generation,
                sdp=watching.localDescription.sdp,
            )
            self._carries = {track.mid: track.publication for track in offer.tracks}
            for transceiver in watching.getTransceivers():
                if transceiver.mid not in self._seen_mids:
                    self._seen_mids.add(transceiver.mid)
                    track = transceiver.receiver.track
                    self._tasks.append(asyncio.create_task(self._count(transceiver.mid, track)))

    async def _count(self, mid: str, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                publication = self._carries.get(mid, "")
                self.frames[publication] += 1
                if isinstance(frame, VideoFrame):
                    self.brightness[publication] = float(frame.to_ndarray(format="gray8").mean())
        except MediaStreamError:
            return
