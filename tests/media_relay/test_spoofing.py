"""Somebody on the way who can write a peer's address on a datagram, but has no keys."""

import asyncio
import random
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from struct import pack

import pytest
from aiortc import RTCPeerConnection
from aiortc.rtcdtlstransport import RTCDtlsParameters, RTCDtlsTransport

from media_relay import protocol
from tests.media_relay.attacker import client_hello
from tests.media_relay.bare_peer import authenticate, invite
from tests.media_relay.packets import rtp
from tests.media_relay.peers import ROOM, Peer, Picture, Tone
from tests.media_relay.relay_process import (
    ControlClient,
    RelayProcess,
    control_client,
    running_relay,
)
from tests.media_relay.spoofing_attacker import ROUNDS, may_spoof
from tests.media_relay.test_robustness import attack, run_attacker

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
    relay: RelayProcess
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
        yield Call(relay, client, ann, ben, started.publication)
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


def address_of(connection: RTCPeerConnection | None) -> tuple[str, int]:
    """Where this connection's packets come from."""
    assert connection is not None
    ice = connection.getTransceivers()[0].sender.transport.transport
    address: tuple[str, int] = ice._connection._nominated[1].local_addr
    return address


def ssrcs_of(sdp: str) -> set[int]:
    return {int(number) for number in re.findall(r"^a=ssrc:(\d+) ", sdp, re.MULTILINE)}


async def status(call: Call) -> protocol.StatusReport:
    report = await call.client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    return report


@pytest.mark.skipif(not may_spoof(), reason="Writing IP headers takes CAP_NET_RAW.")
@pytest.mark.parametrize("kind", ["media", "hellos", "checks"])
@pytest.mark.parametrize("who", ["publisher", "viewer"])
async def test_datagrams_under_a_peers_address_from_another_process_do_not_touch_its_call(
    call: Call, who: str, kind: str
) -> None:
    victim = call.ann.publishing if who == "publisher" else call.ben.watching
    assert victim is not None
    ssrcs = ssrcs_of(victim.localDescription.sdp) | ssrcs_of(victim.remoteDescription.sdp)
    assert ssrcs
    before = await status(call)

    forging = asyncio.create_task(
        run_attacker(
            "spoofing_attacker", *call.relay.media, *address_of(victim), kind, *sorted(ssrcs)
        )
    )
    while not forging.done():
        await call.ben.frames_of(call.camera, at_least=10, limit_s=5)
    await forging
    await call.ben.frames_of(call.camera, at_least=40)

    after = await status(call)
    drops = {cause: after.drops[cause] - before.drops.get(cause, 0) for cause in after.drops}
    causes = ("stun_unknown_ufrag",) if kind == "checks" else ("srtp_forged", "srtp_replay")
    # Taken for a peer's packets, or they would be strangers'.
    assert sum(drops.get(cause, 0) for cause in causes) >= ROUNDS
    assert drops.get("unknown_sender", 0) == 0
    assert not any(cause.startswith("connection_") for cause in drops)
    for counter in ("faults", "handshakes", "address_changes", "ice_restarts"):
        assert after.counters[counter] == before.counters[counter]
    assert after.publications == before.publications
    assert after.memory_bytes - before.memory_bytes < 4_000_000


async def test_participant_who_sends_hellos_before_its_handshake_harms_nobody(call: Call) -> None:
    before = await status(call)
    invitation = await invite(call.client, "mallory")

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(call.relay.media)
        authenticate(sender, invitation)
        for _ in range(20):
            for _ in range(50):
                sender.send(client_hello())
            await call.ben.frames_of(call.camera, at_least=1, limit_s=5)
    await call.ben.frames_of(call.camera, at_least=40)
    newcomer = Peer("zoe", call.client)
    await newcomer.join()
    await newcomer.watch()
    await newcomer.frames_of(call.camera)
    await newcomer.close()

    after = await status(call)
    assert after.counters["handshakes"] == before.counters["handshakes"] + 1  # Zoe's
    assert after.counters["faults"] == 0
    assert after.memory_bytes - before.memory_bytes < 8_000_000


@pytest.mark.skipif(not may_spoof(), reason="Writing IP headers takes CAP_NET_RAW.")
async def test_hellos_under_the_address_of_somebody_who_joins_do_not_keep_them_out(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attacker sees where the newcomer's checks come from, and is quicker than its hello.

    The first attempt is lost; the one that a page makes then is answered with a cookie.
    """
    forging: list[asyncio.Task[None]] = []
    original = RTCDtlsTransport.start

    async def start_late(self: RTCDtlsTransport, parameters: RTCDtlsParameters) -> None:
        source = self.transport._connection._nominated[1].local_addr
        attack = run_attacker("spoofing_attacker", *call.relay.media, *source, "hellos")
        forging.append(asyncio.create_task(attack))
        await asyncio.sleep(1)
        await original(self, parameters)

    monkeypatch.setattr(RTCDtlsTransport, "start", start_late)
    first = Peer("zoe", call.client)
    await first.join()
    await first.watch()
    await call.client.wait_for(
        protocol.ConnectionStateChanged,
        lambda event: event.participant == "zoe" and event.state == "closed",
    )
    await first.close()

    async with control_client(call.relay) as client:
        second = Peer("zoe", client)
        await second.join()
        await second.watch()
        await second.frames_of(call.camera)
        await second.close()

    await asyncio.gather(*forging)
    assert len(forging) == 2
    report = await status(call)
    assert report.drops["connection_handshake_failed"] == 1
    assert report.counters["cookies_asked"] == 1


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
