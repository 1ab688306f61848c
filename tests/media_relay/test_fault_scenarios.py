"""Faults on request, in a real relay: they hit whom they should, and end when they should."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aioice.ice import get_host_addresses

from media_relay import protocol
from tests.media_relay.faults import CALM, bad_path, inject
from tests.media_relay.peers import ROOM, Peer, Picture, Tone
from tests.media_relay.relay_process import ControlClient, control_client, running_relay

pytestmark = pytest.mark.process


@pytest.fixture
async def client() -> AsyncIterator[ControlClient]:
    async with running_relay(**{"allow-faults": ""}) as relay, control_client(relay) as opened:
        await opened.do(protocol.OpenRoom, room=ROOM)
        yield opened


@pytest.fixture
async def watchers(client: ControlClient) -> AsyncIterator[tuple[str, Peer, Peer]]:
    """Ann's camera, and two who watch it."""
    ann, ben, cleo = (Peer(name, client) for name in ("ann", "ben", "cleo"))
    await ann.join()
    await ann.publish(camera=Picture(90), microphone=Tone())
    started = await client.wait_for(
        protocol.PublicationStarted, lambda event: event.source == "camera"
    )
    for peer in (ben, cleo):
        await peer.join()
        await peer.watch()
        await peer.frames_of(started.publication)
    yield started.publication, ben, cleo
    for peer in (ann, ben, cleo):
        await peer.close()


async def drops(client: ControlClient) -> dict[str, int]:
    report = await client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    return {cause: n for cause, n in report.drops.items() if cause.startswith("fault_")}


async def test_relay_of_an_ordinary_start_refuses_faults() -> None:
    async with running_relay() as relay, control_client(relay) as client:
        answer = await client.ask(protocol.InjectFault, **CALM)

    assert isinstance(answer, protocol.Error)
    assert answer.code == "not_permitted"


async def test_cut_hits_one_viewer_only_and_ends_with_the_next_request(
    client: ControlClient, watchers: tuple[str, Peer, Peer]
) -> None:
    camera, ben, cleo = watchers

    await inject(client, room=ROOM, participant="ben", is_cut=True)
    await asyncio.sleep(0.5)  # what the jitter buffer still held
    before = ben.frames[camera]
    await cleo.frames_of(camera, at_least=20)
    assert ben.frames[camera] == before
    assert (await drops(client))["fault_cut"] > 20

    await inject(client)
    await ben.frames_of(camera)


async def test_ten_percent_loss_both_ways_still_plays(
    client: ControlClient, watchers: tuple[str, Peer, Peer]
) -> None:
    camera, ben, _cleo = watchers

    await inject(
        client, seed=3, incoming=bad_path(loss_percent=10), outgoing=bad_path(loss_percent=10)
    )

    await ben.frames_of(camera, at_least=60, limit_s=20)
    assert (await drops(client))["fault_loss"] > 10


async def test_quality_tells_loss_and_round_trip_of_the_one_who_suffers(
    client: ControlClient, watchers: tuple[str, Peer, Peer]
) -> None:
    await inject(
        client, room=ROOM, participant="ben", outgoing=bad_path(loss_percent=20, delay_ms=120)
    )
    since = len(client.events)

    def shows_it(event: protocol.RoomQuality) -> bool:
        if event not in client.events[since:]:
            return False
        known = {each.participant: each for each in event.participants}
        ben, cleo, ann = known["ben"], known["cleo"], known["ann"]
        if ann.up is None or ben.down is None or cleo.down is None:
            return False  # not reported of yet
        return (
            (ben.round_trip_ms or 0) >= 120
            and ben.down.loss_percent > 5
            and cleo.down.loss_percent == 0
            and (cleo.round_trip_ms or 999) < 100
            and ann.up.bitrate_bps > 10_000
            and cleo.down.bitrate_bps > 10_000
            and {ann.candidate, ben.candidate, cleo.candidate} == {"host"}
        )

    await client.wait_for(protocol.RoomQuality, shows_it, limit_s=12)


async def test_cap_and_delay_apply_to_what_leaves(
    client: ControlClient, watchers: tuple[str, Peer, Peer]
) -> None:
    camera, ben, _cleo = watchers

    await inject(client, room=ROOM, participant="ben", outgoing=bad_path(cap_bps=8_000))
    await asyncio.sleep(1.5)
    assert (await drops(client))["fault_cap"] > 10

    await inject(client, room=ROOM, participant="ben", outgoing=bad_path(delay_ms=300))
    await ben.frames_of(camera, at_least=20)


async def test_relay_deaf_to_stun_loses_consent_while_media_still_flows(
    client: ControlClient, watchers: tuple[str, Peer, Peer]
) -> None:
    camera, ben, cleo = watchers

    await inject(client, room=ROOM, participant="ben", answers_stun=False)
    await ben.frames_of(camera, at_least=30)

    silent = await client.wait_for(
        protocol.ConnectionStateChanged,
        lambda event: event.state == "disconnected",
        limit_s=11,
    )
    assert silent.participant == "ben"
    assert (await drops(client)).keys() == {"fault_stun"}
    await cleo.frames_of(camera)


async def test_relay_that_keeps_silent_answers_again_when_told_to(client: ControlClient) -> None:
    await inject(client, answers_control=False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await client.ask(protocol.Status)

    await inject(client)

    assert (await drops(client)) == {}


async def test_quality_names_those_who_come_through_a_turn_server() -> None:
    """Here everybody comes from this machine, so its address is called a TURN server's."""
    own = ",".join({"127.0.0.1", *get_host_addresses(use_ipv4=True, use_ipv6=False)})
    async with running_relay(**{"turn-ips": own}) as relay, control_client(relay) as client:
        await client.do(protocol.OpenRoom, room=ROOM)
        ann = Peer("ann", client)
        try:
            await ann.join()
            await ann.publish(microphone=Tone())
            told = await client.wait_for(protocol.RoomQuality)
        finally:
            await ann.close()

    assert [each.candidate for each in told.participants] == ["relay"]
