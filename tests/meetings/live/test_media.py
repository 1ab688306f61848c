"""The page's media messages on their way to the relay and back; the relay lost and found."""

import asyncio

from media_relay import protocol
from meetings import room_protocol as rp
from tests.fake_relay import FakeRelay
from tests.meetings.live.conftest import LiveRoom, MakeRoom
from tests.meetings.live.rooms import Page, guest_cookie


def names(room: LiveRoom) -> tuple[str, str]:
    return str(room.meeting.public_id), str(room.guest.public_id)


async def test_publish_offer_reaches_the_relay_under_the_identity_of_the_session(
    room: LiveRoom, relay: FakeRelay
) -> None:
    guest = await room.guest_page()

    answer = await guest.ask("publish_offer", sdp="v=0 mine", sources={"0": "microphone"})

    meeting, seat = names(room)
    assert (answer.type, answer.sdp) == ("publish_answer", "v=0 answer")
    [asked] = relay.asked(protocol.PublishOffer)
    assert (asked.room, asked.participant, asked.sdp, dict(asked.sources)) == (
        meeting,
        seat,
        "v=0 mine",
        {"0": "microphone"},
    )


async def test_subscribe_brings_offers_with_seats_and_takes_answers(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    await host.ask("publish_offer", sdp="v=0", sources={"0": "microphone", "1": "camera"})

    answer = await guest.ask("subscribe")
    offer = await guest.hear(rp.SubscribeOffer)
    done = await guest.ask("subscribe_answer", generation=offer.generation, sdp="v=0 yes")

    host_seat = host.snapshot.me.seat  # type: ignore[union-attr]
    assert (answer.type, done.type) == ("ok", "ok")
    assert offer == rp.SubscribeOffer(
        generation=1,
        sdp="v=0 offer",
        tracks=(
            rp.OfferedTrack(mid="0", seat=host_seat, source="microphone"),
            rp.OfferedTrack(mid="1", seat=host_seat, source="camera"),
        ),
    )
    [asked] = relay.asked(protocol.SubscribeAnswer)
    assert (asked.participant, asked.generation, asked.sdp) == (names(room)[1], 1, "v=0 yes")
    assert await host.hears_nothing(rp.SubscribeOffer)


async def test_refusal_of_the_relay_is_a_sentence_for_the_person(
    room: LiveRoom, relay: FakeRelay
) -> None:
    guest = await room.guest_page()
    relay.refusals["publish_offer"] = "bad_sdp"

    answer = await guest.ask("publish_offer", sdp="rubbish", sources={"0": "microphone"})

    assert (answer.code, answer.sentence) == (
        "bad_sdp",
        "The media server could not read your browser's offer.",
    )


async def test_active_speaker_is_told_to_the_room(room: LiveRoom, relay: FakeRelay) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    meeting, seat = names(room)

    await relay.name_speaker(meeting, seat)
    await relay.name_speaker(meeting, None)

    for page in (host, guest):
        assert (await page.hear(rp.ActiveSpeaker)).seat == seat
        assert (await page.hear(rp.ActiveSpeaker)).seat is None


async def test_quality_of_everybody_reaches_hosts_and_nobody_else(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    attendee = await room.guest_page(room.other)
    meeting, seat = names(room)
    path = protocol.PathQuality(bitrate_bps=1_499_600, loss_percent=7.4, jitter_ms=12.5)
    known = protocol.ParticipantQuality(
        participant=seat, candidate="tcp", round_trip_ms=41.7, up=path, down=None
    )

    await relay.report_quality(meeting, known)

    told = rp.SeatQuality(
        seat=seat,
        candidate="tcp",
        round_trip_ms=42,
        up=rp.PathQuality(bitrate_kbps=1500, loss_percent=7, jitter_ms=12),
        down=None,
    )
    assert await host.hear(rp.RoomQuality) == rp.RoomQuality(seats=(told,))
    # On the bytes that were sent: neither about others nor about themselves.
    for page in (guest, attendee):
        assert await page.hears_nothing(rp.RoomQuality)
        assert not any("bitrate" in text for text in page.texts)


async def test_view_reaches_the_relay_under_the_identity_of_the_session(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    host_seat = host.snapshot.me.seat  # type: ignore[union-attr]
    tile = {"source": "camera", "width": 640, "height": 360, "is_stage": False}

    answer = await guest.ask("set_view", tiles=[{"seat": host_seat, **tile}])

    assert answer.type == "ok"
    [asked] = relay.asked(protocol.SetView)
    assert (asked.room, asked.participant) == names(room)
    assert asked.tiles == (
        protocol.ViewTile(
            participant=host_seat, source="camera", width=640, height=360, is_stage=False
        ),
    )


async def test_layers_and_pauses_are_told_to_the_one_they_concern(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    meeting, seat = names(room)
    host_seat = host.snapshot.me.seat  # type: ignore[union-attr]
    concerned = {"room": meeting, "participant": seat}

    await relay.tell(protocol.LayersWanted, **concerned, source="camera", layers=(0, 2))
    await relay.tell(protocol.OfferWanted, **concerned)
    await relay.tell(
        protocol.VideosPaused,
        **concerned,
        videos=(protocol.VisibleVideo(participant=host_seat, source="screen"),),
    )

    assert await guest.hear(rp.LayersWanted) == rp.LayersWanted(source="camera", layers=(0, 2))
    assert await guest.hear(rp.OfferWanted) == rp.OfferWanted()
    assert await guest.hear(rp.VideosPaused) == rp.VideosPaused(
        videos=(rp.VideoName(seat=host_seat, source="screen"),)
    )
    assert await host.hears_nothing(rp.VideosPaused)


async def test_relay_that_does_not_answer_is_a_clean_error_and_chat_goes_on(
    room: LiveRoom, relay: FakeRelay, monkeypatch: object
) -> None:
    guest = await room.guest_page()
    relay.is_silent = True

    answer = await guest.ask("subscribe")

    assert (answer.code, answer.sentence) == (
        "relay_unavailable",
        "Sound and picture are not available at the moment. We keep trying.",
    )
    assert (await guest.ask("ping")).type == "pong"


async def test_relay_killed_and_started_again_pages_are_told_and_joined_again(
    room: LiveRoom, relay: FakeRelay
) -> None:
    host, guest = await room.host_page(), await room.guest_page()
    meeting, seat = names(room)

    await relay.stop()

    for page in (host, guest):
        await page.hear(rp.RelayLost)
    assert (await guest.ask("subscribe")).code == "relay_unavailable"
    assert (await guest.ask("send_chat", client_id=seat, text="still here")).type == "ok"
    late = room.page(guest_cookie(room.other))
    assert (await late.enter()).relay == "lost"

    await relay.start()

    for page in (host, guest, late):
        await page.hear(rp.RelayReady)
    assert set(relay.rooms[meeting]) == {
        seat,
        str(room.other.public_id),
        host.snapshot.me.seat,  # type: ignore[union-attr]
    }
    assert (await guest.ask("subscribe")).type == "ok"
    await guest.hear(rp.SubscribeOffer)


async def test_control_link_that_only_blinks_is_not_worth_a_word(
    room: LiveRoom, relay: FakeRelay
) -> None:
    guest = await room.guest_page()
    joins = len(relay.asked(protocol.JoinRoom))

    await relay.drop_links()
    await relay.until(lambda: len(relay.asked(protocol.JoinRoom)) > joins)

    assert await guest.hears_nothing(rp.RelayLost, rp.RelayReady)
    assert (await guest.ask("subscribe")).type == "ok"
    await guest.hear(rp.SubscribeOffer)


async def test_relay_with_another_secret_is_never_ready(
    make_room: MakeRoom, relay: FakeRelay
) -> None:
    relay.secret = "somebody else's"
    room = await make_room()

    guest = await room.guest_page()

    assert guest.snapshot is not None
    assert guest.snapshot.relay == "lost"
    assert relay.requests == []


async def test_forty_requests_at_once_find_their_own_answers(
    make_room: MakeRoom, relay: FakeRelay
) -> None:
    rooms = [await make_room() for _n in range(4)]
    pages: list[Page] = [await each.guest_page() for each in rooms]

    answers = await asyncio.gather(
        *(
            page.ask("publish_offer", sdp="v=0", sources={"0": "microphone"})
            for page in pages
            for _n in range(1)
        )
    )

    assert [answer.type for answer in answers] == ["publish_answer"] * 4
    asked = {(each.room, each.participant) for each in relay.asked(protocol.PublishOffer)}
    assert asked == {names(each) for each in rooms}
