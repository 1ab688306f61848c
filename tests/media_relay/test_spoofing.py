"""Somebody on the way who can write a peer's address on a datagram, but has no keys."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from struct import pack

import pytest
from aiortc import RTCPeerConnection

from media_relay import protocol
from tests.media_relay.attacker import client_hello
from tests.media_relay.packets import rtp
from tests.media_relay.peers import ROOM, Peer, Picture, Tone
from tests.media_relay.relay_process import ControlClient, control_client, running_relay
from tests.media_relay.test_robustness import attack

pytestmark = pytest.mark.process

Send = Callable[[bytes], Awaitable[None]]


def dtls_record(kind: int, epoch: int, sequence: int, body: bytes) -> bytes:
    """RFC 6347 section 4.1."""
    return pack("!BHHQH", kind, 0xFEFD, epoch, sequence, len(body))[:5] + (
        sequence.to_bytes(6, "big") + len(body).to_bytes(2, "big") + body
    )


def goodbye_records() -> list[bytes]:
    """Alerts in the clear (close_notify and fatal ones), and for keys that nobody has."""
    alerts = [bytes((1, 0)), bytes((2, 40)), bytes((2, 80))]
    return [
        dtls_record(21, epoch, sequence, alert)
        for epoch, sequence in ((0, 900), (0, 1 << 40), (1, 5), (2, 0))
        for alert in (*alerts, bytes(26))
    ]


def bare_packets() -> list[bytes]:
    """RTP and RTCP without encryption: a picture, a farewell, a wish for less."""
    return [
        rtp(sequence=7),
        pack("!BBHI", 0x81, 203, 1, 0x1111),
        pack("!BBHII", 0x81, 206, 2, 1, 0x1111),
        pack("!BBHII4sI", 0x8F, 206, 4, 1, 0, b"REMB", 0x01000001) + bytes(4),
    ]


def noise(chance: random.Random) -> list[bytes]:
    """Random bodies behind every first byte that means something (RFC 7983)."""
    return [
        bytes((first,)) + chance.randbytes(chance.randrange(1_400))
        for first in (0, 1, 20, 21, 22, 23, 25, 63, 128, 144, 191, 64, 255)
        for _ in range(12)
    ]


@dataclass
class Call:
    client: ControlClient
    ann: Peer
    ben: Peer
    camera: str


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    """Ann's camera, watched by Ben."""
    async with running_relay() as relay, control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        ann, ben = Peer("ann", client), Peer("ben", client)
        await ann.join()
        await ann.publish(camera=Picture(90), microphone=Tone())
        started = await client.wait_for(
            protocol.PublicationStarted, lambda event: event.source == "camera"
        )
        await ben.join()
        await ben.watch()
        await ben.frames_of(started.publication)
        yield Call(client, ann, ben, started.publication)
        await ann.close()
        await ben.close()


def sender_of(connection: RTCPeerConnection | None) -> Send:
    """Sends from the very socket of this connection."""
    assert connection is not None
    transceiver = connection.getTransceivers()[0]
    send: Send = transceiver.sender.transport.transport._send
    return send


@pytest.mark.parametrize("who", ["publisher", "viewer"])
async def test_forged_datagrams_from_a_peers_own_address_do_not_end_its_call(
    call: Call, who: str
) -> None:
    send = sender_of(call.ann.publishing if who == "publisher" else call.ben.watching)
    forged = [*goodbye_records(), *bare_packets(), *noise(random.Random(3)), client_hello()]

    for datagram in forged:
        await send(datagram)
    await call.ben.frames_of(call.camera, at_least=40)

    report = await call.client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    assert report.counters["faults"] == 0
    assert report.counters["handshakes"] == 2
    assert not any(cause.startswith("connection_") for cause in report.drops)
    assert report.drops.get("srtp_forged", 0) + report.drops.get("srtp_replay", 0) >= len(
        bare_packets()
    )


async def test_forged_hellos_again_and_again_cost_neither_call_nor_memory(call: Call) -> None:
    send = sender_of(call.ben.watching)
    before = await call.client.do(protocol.Status)

    for _ in range(10):
        for _ in range(20):
            await send(client_hello())
        await asyncio.sleep(0.05)
    await call.ben.frames_of(call.camera, at_least=40)

    after = await call.client.do(protocol.Status)
    assert isinstance(before, protocol.StatusReport)
    assert isinstance(after, protocol.StatusReport)
    assert after.counters["handshakes"] == 2
    assert after.memory_bytes - before.memory_bytes < 4_000_000


async def test_strangers_cost_no_memory_and_no_files() -> None:
    """Some fifteen thousand datagrams of every kind, after a first round that warms up."""
    async with running_relay() as relay, control_client(relay) as client:
        await attack(relay, seed=1)
        before = await client.do(protocol.Status)
        for seed in range(2, 6):
            await attack(relay, seed=seed)
        after = await client.do(protocol.Status)

    assert isinstance(before, protocol.StatusReport)
    assert isinstance(after, protocol.StatusReport)
    assert after.memory_bytes - before.memory_bytes < 2_000_000
    assert after.open_files == before.open_files
    assert (after.participants, after.counters["handshakes"], after.counters["faults"]) == (0, 0, 0)
    assert after.counters["stun_checks"] == 0
