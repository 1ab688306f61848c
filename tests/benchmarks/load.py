"""aiortc peers that send prepared packets, and peers that count what comes without opening it.

Viewers report back as browsers do: what arrived, how much their network carries, and a packet that
they say is missing.
"""

import asyncio
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCRtpTransceiver

from media_relay.forwarding.rtcp import (
    ReportBlock,
    write_bitrate_cap,
    write_nack,
    write_receiver_report,
)
from tests.benchmarks.traffic import FRAMES_PER_S, Sent, VideoPackets, opus
from tests.media_relay.relay_process import eventually

RTP_BYTES = range(128, 192)
RTCP_TYPES = range(192, 224)
REPORT_INTERVAL_S = 1.0
ESTIMATE_BPS = 20_000_000  # room for everything: the bench counts packets, so none may be held back
NACK_BEHIND = 5  # how old a packet is when it is said to be missing


def new_peer() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


@dataclass
class Publisher:
    """One participant that sends a picture, and sound beside it where wanted.

    `phase` is when its frames fall, as a part of the time from one frame to the next: left to
    chance, frames of several cameras would come together in one run and apart in another, which
    changes what each of them costs.
    """

    pattern: list[Sent]
    phase: float = 0.0
    with_opus: bool = False
    peer: RTCPeerConnection = field(default_factory=new_peer)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _senders: list[RTCRtpSender] = field(default_factory=list)

    def __post_init__(self) -> None:
        for kind in ("video", "audio") if self.with_opus else ("video",):
            self._senders.append(self.peer.addTransceiver(kind, direction="sendonly").sender)

    @property
    def mids(self) -> dict[str, str]:
        """The kind of each section."""
        return {entry.mid: entry.kind for entry in self.peer.getTransceivers()}

    async def start(self) -> None:
        """Send from now on; the answer was applied before."""

        async def is_connected() -> bool:
            return self.peer.connectionState == "connected"

        await eventually(is_connected, "a publisher is connected")
        for sender in self._senders:
            ssrc = sender._ssrc
            payload_type = _payload_type(self.peer, sender)
            if sender.kind == "audio":
                packets = opus(ssrc=ssrc, payload_type=payload_type)
            else:
                video = VideoPackets(self.pattern, ssrc=ssrc, payload_type=payload_type)
                sender._send_keyframe = video.ask_key_frame  # what aiortc calls for a PLI
                packets = video.play()
            start = _frame_after(time.monotonic(), self.phase)
            self._tasks.append(asyncio.create_task(_send(sender, packets, start)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.peer.close()


def _payload_type(peer: RTCPeerConnection, sender: RTCRtpSender) -> int:
    transceiver: RTCRtpTransceiver = next(
        entry for entry in peer.getTransceivers() if entry.sender is sender
    )
    return int(transceiver._codecs[0].payloadType)


def _frame_after(now: float, phase: float) -> float:
    """When the next frame of this phase is due."""
    return (math.floor(now * FRAMES_PER_S) + 1 + phase) / FRAMES_PER_S


async def _send(sender: RTCRtpSender, packets: Iterator[tuple[float, bytes]], start: float) -> None:
    for at_s, packet in packets:
        wait_s = start + at_s - time.monotonic()
        if wait_s > 0.001:
            await asyncio.sleep(wait_s)
        await sender.transport._send_rtp(packet)


@dataclass
class Count:
    """What came of one SSRC; numbers are extended."""

    first: int
    highest: int
    packets: int = 0
    asked: set[int] = field(default_factory=set)  # numbers on the wire, sent again on our behalf


class Viewer:
    """One participant that watches; `first_at` is when its first RTP packet came."""

    def __init__(self) -> None:
        self.peer = new_peer()
        self.first_at: float | None = None
        self.packets = 0
        self._counts: dict[bytes, Count] = {}
        self._arrived = asyncio.Event()
        self._taps: set[int] = set()
        self._reporting: asyncio.Task[None] | None = None

    def start_reporting(self) -> None:
        """Once a second from now on: reports, an estimate and a request for one packet."""
        self._reporting = asyncio.create_task(self._report())

    async def close(self) -> None:
        if self._reporting is not None:
            self._reporting.cancel()
        await self.peer.close()

    async def _report(self) -> None:
        transport = self.peer.getTransceivers()[0].receiver.transport
        while True:
            await asyncio.sleep(REPORT_INTERVAL_S)
            counts = {int.from_bytes(ssrc, "big"): count for ssrc, count in self._counts.items()}
            blocks = [
                ReportBlock(ssrc, 0, 0, count.highest, 0, 0, 0) for ssrc, count in counts.items()
            ]
            await transport._send_rtp(
                write_receiver_report(1, blocks[:31])
                + write_bitrate_cap(1, ESTIMATE_BPS, list(counts))
            )
            for ssrc, count in counts.items():
                missing = count.highest - NACK_BEHIND
                if missing > count.first:
                    count.asked.add(missing & 0xFFFF)
                    await transport._send_rtp(write_nack(1, ssrc, [missing & 0xFFFF]))

    def tap(self) -> None:
        """Count RTP where it leaves the socket; everything else goes its way."""
        for transceiver in self.peer.getTransceivers():
            connection = transceiver.receiver.transport.transport._connection
            for protocol in connection._protocols:
                if id(protocol) not in self._taps:
                    self._taps.add(id(protocol))
                    protocol.datagram_received = self._counting(protocol.datagram_received)

    def _counting(self, pass_on):  # type: ignore[no-untyped-def]
        def received(data: bytes, address: tuple[str, int]) -> None:
            if data[0] not in RTP_BYTES or data[1] in RTCP_TYPES:
                pass_on(data, address)
                return
            if self.first_at is None:
                self.first_at = time.monotonic()
                self._arrived.set()
            self.packets += 1
            number, ssrc = data[2] << 8 | data[3], data[8:12]
            count = self._counts.get(ssrc)
            if count is None:
                count = self._counts[ssrc] = Count(first=number, highest=number)
            ahead = (number - count.highest + 0x8000) % 0x10000 - 0x8000
            if ahead <= 0 and number in count.asked:
                count.asked.discard(number)
                return
            if ahead > 0:
                count.highest += ahead
            count.packets += 1

        return received

    async def until_first(self, limit_s: float = 10) -> None:
        async with asyncio.timeout(limit_s):
            await self._arrived.wait()

    @property
    def lost(self) -> int:
        """Numbers that never came, of all sources together."""
        return sum(
            max(0, (count.highest - count.first + 1) - count.packets)
            for count in self._counts.values()
        )
