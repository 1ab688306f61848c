"""Two and three aiortc peers through a real relay process."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from media_relay import protocol
from tests.media_relay.peers import ROOM, Peer, Picture, Tone
from tests.media_relay.relay_process import (
    ControlClient,
    RelayProcess,
    control_client,
    eventually,
    running_relay,
)

pytestmark = pytest.mark.process


@pytest.fixture
async def relay() -> AsyncIterator[RelayProcess]:
    async with running_relay() as process:
        yield process


@pytest.fixture
async def client(relay: RelayProcess) -> AsyncIterator[ControlClient]:
    async with control_client(relay) as opened:
        await opened.do(protocol.OpenRoom, room=ROOM)
        yield opened


async def publication_of(client: ControlClient, participant: str, source: protocol.Source) -> str:
    event = await client.wait_for(
        protocol.PublicationStarted,
        lambda started: (started.participant, started.source) == (participant, source),
    )
    return event.publication


async def status(client: ControlClient) -> protocol.StatusReport:
    report = await client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    return report


async def test_call_of_two_brings_sound_and_picture_both_ways(client: ControlClient) -> None:
    ann, ben = Peer("ann", client), Peer("ben", client)

    for peer, grey in ((ann, 60), (ben, 180)):
        await peer.join()
        await peer.publish(microphone=Tone(), camera=Picture(grey))
        await peer.watch()

    try:
        for watcher, speaker, grey in ((ann, "ben", 180), (ben, "ann", 60)):
            camera = await publication_of(client, speaker, "camera")
            microphone = await publication_of(client, speaker, "microphone")
            await watcher.frames_of(camera)
            await watcher.frames_of(microphone, at_least=20)
            assert watcher.brightness[camera] == pytest.approx(grey, abs=12)
        figures = await status(client)
        assert (figures.rooms, figures.participants) == (1, 2)
        assert (figures.publications, figures.subscriptions) == (4, 2)
        assert figures.counters["faults"] == 0
    finally:
        await ann.close()
        await ben.close()


async def test_late_joiner_of_a_quiet_camera_gets_a_key_frame(client: ControlClient) -> None:
    """aiortc sends a key frame every 3000 frames: without a request the joiner stays blind."""
    ann, ben = Peer("ann", client), Peer("ben", client)
    await ann.join()
    await ann.publish(camera=Picture(90))
    camera = await publication_of(client, "ann", "camera")

    try:
        await until_packets_come(client, 250)  # more than a joiner is caught up with
        await ben.join("microphone")
        await ben.watch()
        await ben.frames_of(camera)
        figures = await status(client)
        assert figures.counters["key_frames_asked"] >= 1
        assert figures.counters["key_frames_in"] >= 2
    finally:
        await ann.close()
        await ben.close()


async def test_second_joiner_soon_after_a_key_frame_is_served_from_the_ring(
    client: ControlClient,
) -> None:
    ann, ben = Peer("ann", client), Peer("ben", client)
    await ann.join()
    await ann.publish(camera=Picture(90))
    camera = await publication_of(client, "ann", "camera")

    try:
        await until_packets_come(client, 20)
        await ben.join("microphone")
        await ben.watch()
        await ben.frames_of(camera)
        figures = await status(client)
        assert figures.counters["key_frames_asked"] == 0
    finally:
        await ann.close()
        await ben.close()


async def test_joiner_is_offered_everybody_at_once(client: ControlClient) -> None:
    peers = [Peer("ann", client), Peer("ben", client), Peer("cat", client)]
    ann, ben, cat = peers
    for peer in (ann, ben):
        await peer.join()
        await peer.publish(microphone=Tone(), camera=Picture(60))
    await cat.join()

    try:
        await cat.watch()
        offer = await client.wait_for(
            protocol.SubscribeOffer, lambda event: event.participant == "cat"
        )
        assert offer.generation == 1
        assert {(track.participant, track.source) for track in offer.tracks} == {
            (name, source) for name in ("ann", "ben") for source in ("microphone", "camera")
        }
    finally:
        for peer in peers:
            await peer.close()


async def test_screen_share_added_by_renegotiation_arrives_on_the_same_connections(
    client: ControlClient,
) -> None:
    ann, ben = Peer("ann", client), Peer("ben", client)
    await ann.join()
    await ann.publish(camera=Picture(60))
    await ben.join()
    await ben.watch()
    await ben.frames_of(await publication_of(client, "ann", "camera"))

    try:
        await ann.publish(screen=Picture(200))
        screen = await publication_of(client, "ann", "screen")
        await ben.frames_of(screen)
        assert ben.brightness[screen] == pytest.approx(200, abs=12)
        figures = await status(client)
        assert figures.counters["handshakes"] == 2
    finally:
        await ann.close()
        await ben.close()


async def test_participant_who_leaves_ends_its_publications(client: ControlClient) -> None:
    ann, ben = Peer("ann", client), Peer("ben", client)
    await ann.join()
    await ann.publish(camera=Picture(60))
    await ben.join()
    await ben.watch()
    camera = await publication_of(client, "ann", "camera")
    await ben.frames_of(camera)

    try:
        await client.do(protocol.LeaveRoom, room=ROOM, participant="ann")
        ended = await client.wait_for(protocol.PublicationEnded)
        assert (ended.publication, ended.participant, ended.source) == (camera, "ann", "camera")
        emptied = await client.wait_for(
            protocol.SubscribeOffer, lambda offer: offer.participant == "ben" and not offer.tracks
        )
        assert "a=inactive" in emptied.sdp
        figures = await status(client)
        assert (figures.participants, figures.publications) == (1, 0)
    finally:
        await ann.close()
        await ben.close()


async def test_paused_camera_stands_still_and_comes_back(client: ControlClient) -> None:
    ann, ben = Peer("ann", client), Peer("ben", client)
    await ann.join()
    await ann.publish(camera=Picture(60))
    await ben.join()
    await ben.watch()
    camera = await publication_of(client, "ann", "camera")
    await ben.frames_of(camera)

    try:
        naming = {"room": ROOM, "participant": "ann", "source": "camera"}
        await client.do(protocol.PausePublication, **naming, paused=True)
        await asyncio.sleep(0.5)  # what was on its way is decoded
        before = ben.frames[camera]
        await asyncio.sleep(1)
        assert ben.frames[camera] == before
        await client.do(protocol.PausePublication, **naming, paused=False)
        await ben.frames_of(camera)
    finally:
        await ann.close()
        await ben.close()


async def test_permission_taken_away_ends_the_source_at_once(client: ControlClient) -> None:
    ann, ben = Peer("ann", client), Peer("ben", client)
    await ann.join()
    await ann.publish(microphone=Tone(), camera=Picture(60))
    await ben.join()
    await ben.watch()
    camera = await publication_of(client, "ann", "camera")
    await ben.frames_of(camera)

    try:
        await client.do(
            protocol.SetPermissions, room=ROOM, participant="ann", may_publish=("microphone",)
        )
        ended = await client.wait_for(protocol.PublicationEnded)
        assert ended.publication == camera
        refused = await client.ask(
            protocol.PublishOffer,
            room=ROOM,
            participant="ann",
            sdp=ann.publishing.localDescription.sdp,
            sources=ann.sources_by_mid(),
        )
        assert isinstance(refused, protocol.Error)
        assert refused.code == "not_permitted"
    finally:
        await ann.close()
        await ben.close()


async def test_loud_participant_becomes_the_active_speaker(client: ControlClient) -> None:
    ann, ben = Peer("ann", client), Peer("ben", client)
    await ann.join()
    await ben.join()

    try:
        await ann.publish(microphone=Tone(amplitude=12_000))
        await ben.publish(microphone=Tone(amplitude=5))
        speaking = await client.wait_for(protocol.ActiveSpeaker)
        assert (speaking.room, speaking.participant) == (ROOM, "ann")
        await ann.publishing.close()
        await client.wait_for(protocol.ActiveSpeaker, lambda event: event.participant is None)
    finally:
        await ann.close()
        await ben.close()


async def test_tenth_microphone_is_heard_as_soon_as_it_speaks(client: ControlClient) -> None:
    """More microphones than a viewer is sent: the loudest take the places of the quiet."""
    quiet = [Peer(f"quiet-{number}", client) for number in range(9)]
    viewer, loud = Peer("viewer", client), Peer("loud", client)
    await viewer.join("screen")
    await viewer.watch()
    voice = Tone(amplitude=1)

    try:
        for peer, tone in [*((peer, Tone(amplitude=1)) for peer in quiet), (loud, voice)]:
            await peer.join()
            await peer.publish(microphone=tone)
        microphone = await publication_of(client, "loud", "microphone")
        await viewer.frames_of(await publication_of(client, "quiet-0", "microphone"))
        assert viewer.frames[microphone] == 0

        voice.amplitude = 12_000

        moved = await client.wait_for(
            protocol.TracksMoved, lambda event: microphone in {t.publication for t in event.tracks}
        )
        assert (moved.participant, len(moved.tracks)) == ("viewer", 8)
        await viewer.frames_of(microphone, at_least=20)
    finally:
        for peer in (viewer, loud, *quiet):
            await peer.close()
    talked = await client.wait_for(
        protocol.TalkTimes, lambda event: event.seconds.get("loud", 0.0) > 0
    )
    assert set(talked.seconds) == {"loud"}


async def test_media_outlives_the_control_connection_and_the_snapshot_names_it(
    relay: RelayProcess,
) -> None:
    async with control_client(relay) as first:
        await first.do(protocol.OpenRoom, room=ROOM)
        ann, ben = Peer("ann", first), Peer("ben", first)
        await ann.join()
        await ann.publish(camera=Picture(60))
        await ben.join()
        await ben.watch()
        camera = await publication_of(first, "ann", "camera")
        await ben.frames_of(camera)

    try:
        await ben.frames_of(camera, at_least=30)
        async with control_client(relay) as second:
            hello = await second.wait_for(protocol.Hello)
            ann.client = ben.client = second
            joined = await ben.join()
            await ann.join()
            await second.do(protocol.LeaveRoom, room=ROOM, participant="ann")
            ended = await second.wait_for(protocol.PublicationEnded)
        assert hello.rooms == (
            protocol.RoomInfo(
                room=ROOM,
                participants=("ann", "ben"),
                publications=(
                    protocol.PublicationInfo(
                        publication=camera, participant="ann", source="camera"
                    ),
                ),
            ),
        )
        assert joined.publications == hello.rooms[0].publications
        assert ended.publication == camera
    finally:
        await ann.close()
        await ben.close()


async def test_participants_nobody_speaks_for_leave_after_the_grace_time() -> None:
    async with running_relay(**{"grace-s": "0.5"}) as relay:
        async with control_client(relay) as first:
            await first.do(protocol.OpenRoom, room=ROOM)
            await Peer("ann", first).join()

        await asyncio.sleep(2.2)
        async with control_client(relay) as second:
            hello = await second.wait_for(protocol.Hello)

        assert hello.rooms == (protocol.RoomInfo(room=ROOM, participants=(), publications=()),)


async def test_reloaded_page_publishes_again_under_the_same_publication(
    client: ControlClient,
) -> None:
    ann, ben = Peer("ann", client), Peer("ben", client)
    await ann.join()
    await ann.publish(camera=Picture(60))
    await ben.join()
    await ben.watch()
    camera = await publication_of(client, "ann", "camera")
    await ben.frames_of(camera)
    reloaded = Peer("ann", client)

    try:
        await reloaded.publish(camera=Picture(200))

        async def is_the_new_picture() -> bool:
            return ben.brightness[camera] > 150

        await eventually(is_the_new_picture, "the reloaded page's picture")
        assert not [
            event for event in client.events if isinstance(event, protocol.PublicationEnded)
        ]
    finally:
        for peer in (ann, ben, reloaded):
            await peer.close()


async def test_peer_gone_without_a_word_is_disconnected_within_nine_seconds(
    client: ControlClient,
) -> None:
    ann = Peer("ann", client)
    await ann.join()
    await ann.publish(camera=Picture(60))
    await client.wait_for(protocol.ConnectionStateChanged, lambda event: event.state == "connected")

    try:
        await ann.publishing.getSenders()[0].transport.transport.stop()
        silent = await client.wait_for(
            protocol.ConnectionStateChanged,
            lambda event: event.state == "disconnected",
            limit_s=9.5,
        )
        assert (silent.participant, silent.connection) == ("ann", "publish")
        figures = await status(client)
        assert figures.publications == 1  # it may come back
    finally:
        await ann.close()


async def until_packets_come(client: ControlClient, count: int) -> None:
    async def have_come() -> bool:
        return (await status(client)).counters["packets_in"] >= count

    await eventually(have_come, f"{count} packets")
