"""VP9, AV1 and H.265 go where every viewer decodes them, and give way where one does not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from media_relay import protocol
from media_relay.sdp.parse import parse_description
from tests.media_relay.offers import CHROMIUM_OFFER
from tests.media_relay.peers import ROOM, Peer
from tests.media_relay.recording.recordings import recording_relay, start, stop
from tests.media_relay.relay_process import ControlClient, control_client, running_relay

pytestmark = pytest.mark.process

VP9_FIRST = CHROMIUM_OFFER.replace("SAVPF 96 97 102 103 98 99", "SAVPF 98 99 102 103 96 97")
CAMERA: dict[str, protocol.Source] = {"1": "camera"}


@pytest.fixture
async def client() -> AsyncIterator[ControlClient]:
    async with running_relay() as relay, control_client(relay) as connected:
        await connected.do(protocol.OpenRoom, room=ROOM)
        yield connected


async def publish(client: ControlClient, name: str, sdp: str = VP9_FIRST) -> str:
    """The codec with which the relay answers somebody who would like VP9, or what `sdp` says."""
    await client.do(protocol.JoinRoom, room=ROOM, participant=name, may_publish=protocol.SOURCES)
    answer = await client.do(
        protocol.PublishOffer, room=ROOM, participant=name, sdp=sdp, sources=CAMERA
    )
    assert isinstance(answer, protocol.PublishAnswer)
    section = parse_description(answer.sdp).section("1")
    assert section is not None
    return section.formats[0].name


async def answer_as_browser(client: ControlClient, name: str) -> None:
    """Ask to watch, and take everything that is offered."""
    await client.do(protocol.JoinRoom, room=ROOM, participant=name, may_publish=())
    await client.do(protocol.Subscribe, room=ROOM, participant=name)
    offer = await client.wait_for(protocol.SubscribeOffer, lambda event: event.participant == name)
    sdp = offer.sdp.replace("a=setup:actpass", "a=setup:active").replace("a=sendonly", "a=recvonly")
    await client.do(
        protocol.SubscribeAnswer,
        room=ROOM,
        participant=name,
        generation=offer.generation,
        sdp=sdp,
    )


async def test_codec_of_the_browsers_choice_is_taken_while_nobody_refuses_it(
    client: ControlClient,
) -> None:
    assert await publish(client, "ann") == "VP9"

    await answer_as_browser(client, "ben")

    assert await publish(client, "ann") == "VP9"
    assert await publish(client, "cid") == "VP9"
    assert not [event for event in client.events if isinstance(event, protocol.OfferWanted)]


async def test_viewer_who_cannot_decode_it_makes_publishers_offer_again(
    client: ControlClient,
) -> None:
    assert await publish(client, "ann") == "VP9"
    first = await client.wait_for(protocol.PublicationStarted)
    ben = Peer("ben", client)  # aiortc decodes VP8 and H.264
    await ben.join()

    await ben.watch()

    wanted = await client.wait_for(protocol.OfferWanted)
    assert replace(wanted, seq=0) == protocol.OfferWanted(seq=0, room=ROOM, participant="ann")
    assert await publish(client, "ann") == "VP8"  # her next choice that all decode
    ended = await client.wait_for(protocol.PublicationEnded)
    assert ended.publication == first.publication
    assert await publish(client, "cid") == "VP8"
    await ben.close()


async def test_refusal_ends_with_the_viewer_who_refused(client: ControlClient) -> None:
    await publish(client, "ann")
    ben = Peer("ben", client)
    await ben.join()
    await ben.watch()
    await client.wait_for(protocol.OfferWanted)

    await client.do(protocol.LeaveRoom, room=ROOM, participant="ben")

    assert await publish(client, "ann") == "VP9"
    await ben.close()


async def test_refusal_is_repeated_to_a_control_connection_that_missed_it() -> None:
    async with running_relay() as relay:
        async with control_client(relay) as client:
            await client.do(protocol.OpenRoom, room=ROOM)
            await publish(client, "ann")
            ben = Peer("ben", client)
            await ben.join()
            await ben.watch()
            await client.wait_for(protocol.OfferWanted)
            await ben.close()
        async with control_client(relay) as client:
            await client.do(
                protocol.JoinRoom, room=ROOM, participant="ann", may_publish=protocol.SOURCES
            )

            wanted = await client.wait_for(protocol.OfferWanted)

    assert wanted.participant == "ann"


async def test_what_cannot_be_recorded_gives_way_to_a_recording(tmp_path: Path) -> None:
    h265 = VP9_FIRST.replace("a=rtpmap:98 VP9/90000", "a=rtpmap:98 H265/90000")
    async with recording_relay(tmp_path) as (_, client):
        assert await publish(client, "ann", h265) == "H265"

        await start(client, ann=("camera",))

        wanted = await client.wait_for(protocol.OfferWanted)
        assert wanted.participant == "ann"
        assert await publish(client, "ann", h265) == "VP8"
        await stop(client)
        await client.do(protocol.LeaveRoom, room=ROOM, participant="ann")
        assert await publish(client, "ann", h265) == "H265"
