"""A room page with media: what the browser does, with aiortc in place of the browser."""

import asyncio
from collections import Counter
from typing import Any

from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from meetings import room_protocol as rp
from tests.media_relay.peers import Picture, Tone
from tests.meetings.live.rooms import Page


class Caller:
    """Publishes sound and a picture of one grey value, watches everybody else, and builds both
    connections anew when the server says that the relay is back."""

    def __init__(self, page: Page, grey: int) -> None:
        self.page = page
        self.frames: Counter[tuple[str, str]] = Counter()
        """Decoded frames by seat and source."""
        self.brightness: dict[str, float] = {}
        self.heard: list[Any] = []
        self.removed = asyncio.Event()
        self._grey = grey
        self._publishing: RTCPeerConnection | None = None
        self._watching: RTCPeerConnection | None = None
        self._counted: set[str] = set()
        self._tracks: dict[str, tuple[str, str]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def call(self) -> None:
        await self._build()
        self._tasks.append(asyncio.create_task(self._follow()))

    async def hang_up(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in (self._publishing, self._watching):
            if connection is not None:
                await connection.close()

    async def frames_from(self, seat: str, source: str, at_least: int, limit_s: float) -> None:
        """Wait until so many more frames were decoded."""
        wanted = self.frames[seat, source] + at_least
        async with asyncio.timeout(limit_s):
            while self.frames[seat, source] < wanted:  # noqa: ASYNC110 - frames wake nobody
                await asyncio.sleep(0.02)

    async def _build(self) -> None:
        for connection in (self._publishing, self._watching):
            if connection is not None:
                await connection.close()
        self._publishing, self._watching = RTCPeerConnection(), RTCPeerConnection()
        self._counted.clear()
        self._publishing.addTrack(Tone())
        self._publishing.addTrack(Picture(self._grey))
        await self._publishing.setLocalDescription(await self._publishing.createOffer())
        mids = [each.mid for each in self._publishing.getTransceivers()]
        answer = await self.page.ask(
            "publish_offer",
            sdp=self._publishing.localDescription.sdp,
            sources=dict(zip(mids, ("microphone", "camera"), strict=True)),
        )
        assert isinstance(answer, rp.PublishAnswer), answer
        await self._publishing.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        assert (await self.page.ask("subscribe")).type == "ok"

    async def _follow(self) -> None:
        handlers: dict[type[Any], Any] = {
            rp.SubscribeOffer: self._answer,
            rp.RelayReady: self._rebuild,
        }
        try:
            while True:
                message = await self.page.hear(object, limit_s=3600)
                self.heard.append(message)
                if (handler := handlers.get(type(message))) is not None:
                    await handler(message)
                elif isinstance(message, rp.Removed):
                    self.removed.set()
        except ConnectionError:
            return

    async def _rebuild(self, _message: rp.RelayReady) -> None:
        await self._build()

    async def _answer(self, offer: rp.SubscribeOffer) -> None:
        watching = self._watching
        assert watching is not None
        await watching.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await watching.setLocalDescription(await watching.createAnswer())
        await self.page.ask(
            "subscribe_answer", generation=offer.generation, sdp=watching.localDescription.sdp
        )
        self._tracks = {track.mid: (track.seat, track.source) for track in offer.tracks}
        for transceiver in watching.getTransceivers():
            if transceiver.mid not in self._counted:
                self._counted.add(transceiver.mid)
                track = transceiver.receiver.track
                self._tasks.append(asyncio.create_task(self._count(transceiver.mid, track)))

    async def _count(self, mid: str, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                key = self._tracks.get(mid, ("", ""))
                self.frames[key] += 1
                if isinstance(frame, VideoFrame):
                    self.brightness[key[0]] = float(frame.to_ndarray(format="gray8").mean())
        except MediaStreamError:
            return
