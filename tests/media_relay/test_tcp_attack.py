"""Strangers at the TCP port: the call goes on, others come in, and nothing is left of it."""

import asyncio
from struct import pack

import pytest
from aioice import stun

from media_relay import protocol
from tests.media_relay.bare_peer import Invitation, invite
from tests.media_relay.peers import ROOM, Peer, Picture
from tests.media_relay.relay_process import (
    ControlClient,
    RelayProcess,
    control_client,
    running_relay,
)
from tests.media_relay.tcp_attacker import SILENT, SLOW, SLOW_S
from tests.media_relay.test_robustness import run_attacker

pytestmark = pytest.mark.process

ATTACKERS_IP = "127.0.0.2"
ALLOWED_GROWTH_BYTES = 2_000_000
MAX_STRANGERS = 100


async def attack(relay: RelayProcess, seed: int, *, hold_s: float = SLOW_S) -> None:
    assert relay.media_tcp is not None
    await run_attacker("tcp_attacker", *relay.media_tcp, ATTACKERS_IP, seed, hold_s)


async def status(client: ControlClient) -> protocol.StatusReport:
    report = await client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    return report


async def come_in(relay: RelayProcess, invitation: Invitation) -> None:
    """A participant's browser opens a stream and has its check answered."""
    assert relay.media_tcp is not None
    reader, writer = await asyncio.open_connection(*relay.media_tcp)
    check = invitation.check()
    writer.write(pack("!H", len(check)) + check)
    async with asyncio.timeout(2):
        length = int.from_bytes(await reader.readexactly(2), "big")
        answer = stun.parse_message(await reader.readexactly(length))
    assert answer.message_class is stun.Class.RESPONSE
    writer.close()


async def test_tcp_attack_ends_no_call_keeps_nobody_out_and_leaves_nothing() -> None:
    async with running_relay() as relay, control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        ann, ben = Peer("ann", client), Peer("ben", client)
        try:
            await ann.join()
            await ann.publish(camera=Picture(90))
            camera = await client.wait_for(protocol.PublicationStarted)
            await ben.join()
            await ben.watch()
            await ben.frames_of(camera.publication)
            newcomer = await invite(client, "zoe")
            await attack(relay, seed=1, hold_s=0.5)  # a first round warms up
            await asyncio.sleep(1)
            before = await status(client)

            for seed in (2, 3):
                under_attack = asyncio.create_task(attack(relay, seed))
                while not under_attack.done():
                    await ben.frames_of(camera.publication, at_least=10, limit_s=5)
                    await come_in(relay, newcomer)
                await under_attack

            await asyncio.sleep(1)
            after = await status(client)
        finally:
            await ann.close()
            await ben.close()

    grown = {cause: after.drops[cause] - before.drops.get(cause, 0) for cause in after.drops}
    assert grown["tcp_frame"] >= 2 * 30
    assert grown["tcp_full"] >= 2 * (SILENT + SLOW - MAX_STRANGERS)
    assert grown["tcp_stranger"] >= 2 * MAX_STRANGERS // 2
    assert grown["stun_unknown_ufrag"] > 0
    assert after.memory_bytes - before.memory_bytes < ALLOWED_GROWTH_BYTES
    assert after.open_files <= before.open_files
    assert after.participants == before.participants
    assert (after.counters["faults"], after.counters["handshakes"]) == (0, 2)
    assert not any(cause.startswith("connection_") for cause in after.drops)
