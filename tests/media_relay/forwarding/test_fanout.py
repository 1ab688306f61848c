"""Rows, columns and the viewer itself send the same bytes; every viewer knows what it got."""

import random
import socket
import struct
from collections.abc import Callable, Iterator

import pytest
from pylibsrtp import Policy, Session

from media_relay.forwarding.columns import MIN_SLOTS
from media_relay.forwarding.fanout import FanOut
from media_relay.forwarding.forwarder import Forwarder
from media_relay.forwarding.ring import StoredPacket
from media_relay.forwarding.source import SourceStream
from media_relay.stats import Stats
from media_relay.transport import mmsg
from media_relay.transport.outbox import OutBatch, Outlet
from media_relay.transport.srtp import OutboundSrtp
from media_relay.transport.udp import UdpSocket

pytestmark = pytest.mark.skipif(not mmsg.is_supported(), reason="No sendmmsg on this platform.")

Make = Callable[[int], list["Watcher"]]
KEY = bytes(range(44))
SOURCE = SourceStream(ssrc=1, codec="VP8", clock_rate=90_000, extension_ids={})


def policy(kind: int) -> Policy:
    made = Policy(key=KEY, ssrc_type=kind, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
    made.allow_repeat_tx = True
    return made


class Watcher:
    """A viewer's browser: its socket, its keys, and a forwarder that sends to it."""

    def __init__(self, batch: OutBatch) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(2)
        self._inbound = Session(policy(Policy.SSRC_ANY_INBOUND))
        name = mmsg.SocketName()
        name.set(self.socket.getsockname())
        outbound = OutboundSrtp(Session(policy(Policy.SSRC_ANY_OUTBOUND)))
        self.outlet: Outlet | None = Outlet(outbound, name, batch)
        self.plain: list[bytes] = []  # as the forwarder sent it by itself
        self.forwarder = Forwarder(
            send=self._send,
            find_outlet=lambda: self.outlet,
            payload_type=96,
            rtx_payload_type=None,
            clock_rate=90_000,
            now=0.0,
        )

    def _send(self, head: bytes, packet: bytes, start: int) -> bool:
        self.plain.append(head + packet[start:])
        return True

    def received(self, count: int) -> list[bytes]:
        return [self._inbound.unprotect(self.socket.recv(2048)) for _ in range(count)]


@pytest.fixture
def batch() -> Iterator[OutBatch]:
    opened = UdpSocket("127.0.0.1", 0, Stats())
    assert opened.batch is not None
    yield opened.batch
    opened.close()


@pytest.fixture
def watchers(batch: OutBatch) -> Iterator[Make]:
    opened: list[Watcher] = []

    def make(count: int) -> list[Watcher]:
        made = [Watcher(batch) for _ in range(count)]
        opened.extend(made)
        return made

    yield make
    for watcher in opened:
        watcher.socket.close()


def video(sequence: int, size: int, *, extension: bool = True) -> StoredPacket:
    chance = random.Random(sequence)
    block = bytes.fromhex("bede0001") + chance.randbytes(4) if extension else b""
    payload = bytes.fromhex("90e0") + struct.pack(
        "!HBB", 0x8000 | sequence & 0x7FFF, sequence & 0xFF, 0
    )
    return StoredPacket(
        sequence,
        sequence * 3_000,
        sequence % 3 == 0,
        False,
        len(block),
        block + payload + chance.randbytes(size),
        sequence & 0x7FFF,
        0x7FFF,
        len(block) + 2,
        sequence & 0xFF,
        len(block) + 4,
    )


@pytest.mark.parametrize("viewers", [1, 2, MIN_SLOTS // 8 + 1])
async def test_forward_viewers_get_what_they_would_have_sent_themselves(
    batch: OutBatch, watchers: Make, viewers: int
) -> None:
    fan, seated = FanOut[Forwarder](), watchers(viewers)
    for number, watcher in enumerate(seated):
        # A second switch gives offsets of picture ids that are not zero.
        watcher.forwarder.switch(SOURCE, video(40 + number, 10), 0.0)
        watcher.forwarder.forward(video(40 + number, 10), 0.0)
        watcher.forwarder.switch(SOURCE, video(65_530, 10), 0.1)
        watcher.plain.clear()
        fan.add(watcher.forwarder)
    packets = [
        video(65_530 + index, size, extension=index % 2 == 0)
        for index, size in enumerate((900, 900, 899, 1100, 3, 1100, 0, 900))
    ]

    for packet in packets:
        fan.forward(packet, 0.2)
    batch.turn.end()

    for watcher in seated:
        sent = watcher.received(len(packets))
        fan.discard(watcher.forwarder)
        for packet in packets:
            watcher.forwarder.forward(packet, 0.3)
        assert sent == watcher.plain


async def test_settle_viewer_knows_what_was_sent_in_its_name(
    batch: OutBatch, watchers: Make
) -> None:
    fan, seated = FanOut[Forwarder](), watchers(4)
    for watcher in seated:
        watcher.forwarder.switch(SOURCE, video(100, 10), 0.0)
        fan.add(watcher.forwarder)
    lonely = watchers(1)[-1]
    lonely.forwarder.switch(SOURCE, video(100, 10), 0.0)

    for sequence in (100, 102, 101):
        fan.forward(video(sequence, 500), 0.5)
        lonely.forwarder.forward(video(sequence, 500), 0.5)
    told = seated[0].forwarder
    told.catch_up()
    batch.turn.end()

    assert (told.packet_count, told.octet_count) == (3, lonely.forwarder.octet_count)
    (first, *_) = seated[0].received(1)
    resent = struct.unpack_from("!H", first, 2)[0]
    SOURCE.ring.add(video(100, 500))
    assert told.resend([resent], 1.0) == 1
    assert seated[0].plain == [first]
    assert told.resend([(resent + 3) & 0xFFFF], 1.0) == 0  # was never sent


async def test_forward_packet_older_than_a_viewer_goes_to_the_others_only(
    batch: OutBatch, watchers: Make
) -> None:
    fan, seated = FanOut[Forwarder](), watchers(5)
    for watcher in seated:
        start = 205 if watcher is seated[-1] else 200
        watcher.forwarder.switch(SOURCE, video(start, 10), 0.0)
        fan.add(watcher.forwarder)

    fan.forward(video(206, 100), 0.1)
    fan.forward(video(203, 100), 0.1)
    fan.forward(video(207, 100), 0.1)
    fan.flush()
    batch.flush()

    assert [len(watcher.plain) for watcher in seated] == [1] * 4 + [0]
    for watcher in seated:
        assert len(watcher.received(2)) == 2
        watcher.forwarder.catch_up()
    counts = [watcher.forwarder.packet_count for watcher in seated]
    assert counts == [3] * 4 + [2]


async def test_forward_viewer_without_a_batch_gets_each_packet_at_once(
    batch: OutBatch, watchers: Make
) -> None:
    fan, (watcher,) = FanOut[Forwarder](), watchers(1)
    watcher.outlet = None
    watcher.forwarder.switch(SOURCE, video(7, 10), 0.0)
    fan.add(watcher.forwarder)

    fan.forward(video(7, 100), 0.1)

    assert len(watcher.plain) == 1


async def test_forward_more_than_fits_into_the_slots_reaches_everybody(
    batch: OutBatch, watchers: Make
) -> None:
    fan, seated = FanOut[Forwarder](), watchers(40)
    for watcher in seated:
        watcher.forwarder.switch(SOURCE, video(300, 10), 0.0)
        fan.add(watcher.forwarder)

    for sequence in range(300, 320):
        fan.forward(video(sequence, 700), 0.1)
    batch.turn.end()

    for watcher in seated:
        numbers = [struct.unpack_from("!H", packet, 2)[0] for packet in watcher.received(20)]
        assert [(number - numbers[0]) & 0xFFFF for number in numbers] == list(range(20))
