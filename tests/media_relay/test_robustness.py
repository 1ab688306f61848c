"""Nothing a stranger sends to the media port ends or prevents a call."""

import asyncio
import random
import subprocess
import sys

import pytest
from aiortc import RTCSessionDescription

from media_relay import protocol
from tests.media_relay.peers import ROOM, Peer, Picture, Tone
from tests.media_relay.relay_process import ROOT, RelayProcess, control_client, running_relay

pytestmark = pytest.mark.process

RANDOM_DATAGRAMS = 3_000
CLIENT_HELLOS = 50
OVERSIZED = 20
STUN_CHECKS = 500


async def run_attacker(name: str, *arguments: object) -> None:
    """Run one of the attackers as a process of its own, to its end."""
    command = [sys.executable, "-m", f"tests.media_relay.{name}", *map(str, arguments)]
    result = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, timeout=60, check=False)
    assert result.returncode == 0


async def attack(relay: RelayProcess, seed: int) -> None:
    await run_attacker("attacker", *relay.media, seed)


async def test_call_under_attack_comes_up_and_goes_on() -> None:
    async with running_relay() as relay, control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        ann, ben = Peer("ann", client), Peer("ben", client)
        try:
            await attack(relay, seed=1)
            under_attack = asyncio.create_task(attack(relay, seed=2))
            for peer, grey in ((ann, 60), (ben, 180)):
                await peer.join()
                await peer.publish(microphone=Tone(), camera=Picture(grey))
                await peer.watch()
            await under_attack
            joined = await ben.join()
            publications = [entry.publication for entry in joined.publications]
            assert len(publications) == 2
            during = asyncio.create_task(attack(relay, seed=3))
            for publication in publications:
                await ben.frames_of(publication, at_least=40, limit_s=30)
            await during
            for publication in publications:
                await ben.frames_of(publication, at_least=10)

            report = await client.do(protocol.Status)
        finally:
            await ann.close()
            await ben.close()

        assert isinstance(report, protocol.StatusReport)
        assert relay.process.poll() is None
        assert report.counters["faults"] == 0
        assert report.counters["handshakes"] == 4
        # The kernel may drop some of a burst before the relay sees it, on a busy machine many.
        assert 1 <= report.drops["empty"] <= 3
        assert is_most_of(report.drops["oversized"], 3 * OVERSIZED)
        assert is_most_of(report.drops["stun_unknown_ufrag"], 3 * STUN_CHECKS)
        # What is random may look like STUN; the rest comes from a sender that nobody vouched for.
        strange = report.drops["unknown_sender"] + report.drops["stun_other"]
        assert is_most_of(strange, 3 * (RANDOM_DATAGRAMS + CLIENT_HELLOS))


def is_most_of(seen: int, sent: int) -> bool:
    return sent // 2 < seen <= sent


async def test_replayed_and_forged_packets_of_a_peer_are_dropped() -> None:
    """The attacker stands in the path: the peer's own address, but no keys."""
    async with running_relay() as relay, control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        ann = Peer("ann", client)
        try:
            await ann.join()
            await ann.publish(camera=Picture(60))
            await client.wait_for(
                protocol.ConnectionStateChanged, lambda event: event.state == "connected"
            )
            dtls = ann.publishing.getSenders()[0].transport
            seen: list[bytes] = []
            send = dtls.transport._send

            async def tapped(data: bytes) -> None:
                if 127 < data[0] < 192:
                    seen.append(data)
                await send(data)

            dtls.transport._send = tapped
            while len(seen) < 20:  # noqa: ASYNC110 - twenty packets, a fraction of a second
                await asyncio.sleep(0.02)
            dtls.transport._send = send
            chance = random.Random(1)
            for packet in seen[:20]:
                await send(packet)
                forged = bytearray(packet)
                forged[3] ^= 0x55  # another sequence number, or another RTCP length
                forged[-1] ^= chance.randrange(1, 256)
                await send(bytes(forged))
            await asyncio.sleep(0.2)
            report = await client.do(protocol.Status)
        finally:
            await ann.close()

        assert isinstance(report, protocol.StatusReport)
        assert report.drops["srtp_replay"] >= 20
        assert report.drops["srtp_forged"] + report.drops["srtp_replay"] >= 40
        assert report.counters["faults"] == 0


async def test_wrong_fingerprint_never_connects() -> None:
    async with running_relay() as relay, control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        ann = Peer("ann", client)
        await ann.join()
        ann.publishing.addTrack(Picture(60))
        await ann.publishing.setLocalDescription(await ann.publishing.createOffer())
        sdp = ann.publishing.localDescription.sdp
        wrong = "\r\n".join(
            line if not line.startswith("a=fingerprint:") else forge(line)
            for line in sdp.splitlines()
        )

        try:
            answer = await client.do(
                protocol.PublishOffer,
                room=ROOM,
                participant="ann",
                sdp=wrong + "\r\n",
                sources={"0": "camera"},
            )
            assert isinstance(answer, protocol.PublishAnswer)
            await ann.publishing.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
            closed = await client.wait_for(
                protocol.ConnectionStateChanged, lambda event: event.state == "closed"
            )
            assert closed.connection == "publish"
            await client.wait_for(protocol.PublicationEnded)
            report = await client.do(protocol.Status)
            assert isinstance(report, protocol.StatusReport)
            assert report.counters["handshakes"] == 0
            assert report.drops["connection_handshake_failed"] == 1
        finally:
            await ann.close()


def forge(line: str) -> str:
    """The same fingerprint with its last byte changed."""
    return line[:-2] + ("00" if line[-2:] != "00" else "11")
