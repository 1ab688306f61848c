"""What a socket may not do to us: floods, rubbish, reading too slowly."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer

from meetings import room_protocol as rp
from meetings.services.fanout import room_group
from meetings.socket_limits import Outbox, OutboxFull, TokenBucket
from tests.meetings.live.conftest import LiveRoom
from tests.meetings.live.rooms import application, guest_cookie


async def test_flood_beyond_sixty_at_once_closes_the_socket_and_not_the_room(
    room: LiveRoom,
) -> None:
    host, guest = await room.host_page(), await room.guest_page()

    for _n in range(70):
        await guest.send("ping")

    assert await guest.closed() == rp.CLOSE_TOO_MANY_MESSAGES
    pongs = [message for message in guest.heard if isinstance(message, rp.Pong)]
    assert len(pongs) < 70  # while it is sent the bucket fills a little
    assert (await host.ask("ping")).type == "pong"


async def test_seat_keeps_one_socket_however_many_are_opened_and_never_say_hello(
    room: LiveRoom,
) -> None:
    in_the_room = await room.guest_page()
    pages = []
    for _n in range(12):
        pages.append(await room.page(guest_cookie(room.guest)).open())
        await pages[-1].ask("ping")  # whose it is is found out after it is accepted

    codes = [await page.closed() for page in pages[:-1]]

    assert codes == [rp.CLOSE_REPLACED] * 11
    assert (await pages[-1].hello()).type == "snapshot"
    assert await in_the_room.closed() == rp.CLOSE_REPLACED


async def test_sockets_of_others_stay_when_a_seat_opens_one(room: LiveRoom) -> None:
    other = await room.page(guest_cookie(room.other)).open()

    await room.page(guest_cookie(room.guest)).open()

    assert (await other.hello()).type == "snapshot"


def test_bucket_gives_sixty_at_once_and_twenty_a_second() -> None:
    now = [100.0]
    bucket = TokenBucket(clock=lambda: now[0])

    at_once = sum(bucket.take() for _n in range(100))
    now[0] += 0.5
    later = sum(bucket.take() for _n in range(100))
    now[0] += 1000
    full = sum(bucket.take() for _n in range(100))

    assert (at_once, later, full) == (60, 10, 60)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_text"),
        ("{", "bad_text"),
        ('{"v":1,"type":"ping","id":"1","id":"1"}', "bad_text"),
        ('{"v":1,"type":"shout","id":"1"}', "bad_message"),
        ('{"v":1,"type":"ping","id":"1","x":1}', "bad_message"),
        (json.dumps({"v": 1, "type": "ping", "id": "1", "x": "a" * 70_000}), "bad_text"),
    ],
)
async def test_bad_message_is_answered_and_the_third_closes(
    room: LiveRoom, text: str, code: str
) -> None:
    guest = await room.guest_page()

    for _n in range(2):
        await guest.socket.send_input({"type": "websocket.receive", "text": text})
        assert (await guest.hear(rp.Error)).code == code
    assert (await guest.ask("ping")).type == "pong"
    await guest.socket.send_input({"type": "websocket.receive", "text": text})

    assert await guest.closed() == rp.CLOSE_BAD_MESSAGE


async def test_binary_message_is_a_bad_message(room: LiveRoom) -> None:
    guest = await room.guest_page()

    await guest.socket.send_to(bytes_data=b'{"v":1,"type":"ping","id":"1"}')

    assert (await guest.hear(rp.Error)).code == "bad_text"


async def test_bad_message_of_somebody_without_a_seat_is_not_even_read(room: LiveRoom) -> None:
    page = await room.page("").open()

    await page.socket.send_to(text_data="{")

    assert await page.closed() == rp.CLOSE_NO_SEAT
    assert page.heard == []


async def test_refusals_speak_the_language_of_the_person(room: LiveRoom) -> None:
    guest = await room.page(guest_cookie(room.guest)).open()

    answer = await guest.ask("send_chat", client_id=str(uuid4()), text="x")

    assert answer.sentence == "You are not in the room any more. Please join again."


def test_outbox_counts_bytes_until_they_are_written() -> None:
    outbox = Outbox(max_bytes=10)
    outbox.put("12345678")

    with pytest.raises(OutboxFull):
        outbox.put("会")
    outbox.written("12345678")
    outbox.put("会会会")

    with pytest.raises(OutboxFull):
        outbox.put("ab")


class CloggedSocket:
    """The application behind a socket whose buffers are full once it is told so."""

    def __init__(self) -> None:
        self.is_clogged = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_unless_clogged(message: dict[str, Any]) -> None:
            if self.is_clogged and message["type"] == "websocket.send":
                await asyncio.Event().wait()
            await send(message)

        await application(scope, receive, send_unless_clogged)


async def test_slow_reader_is_cut_at_one_mebibyte_and_others_read_on(room: LiveRoom) -> None:
    host, clogged = await room.host_page(), CloggedSocket()
    guest = room.page(guest_cookie(room.guest), server=clogged)
    await guest.enter()
    clogged.is_clogged = True
    layer, text = get_channel_layer(), rp.encode(rp.Error(code="news", sentence="x" * 50_000))
    assert layer is not None
    news = {"type": "room.changed", "seat": "s", "role": "host", "text": text}

    for number in range(20):
        await layer.group_send(room_group(room.meeting.public_id), {**news, "seq": 10 + number})
    assert await guest.hears_nothing(rp.Error)
    assert guest.close_code is None
    await layer.group_send(room_group(room.meeting.public_id), {**news, "seq": 99})

    assert await guest.closed() == rp.CLOSE_SLOW_READER
    for _n in range(21):
        assert len((await host.hear(rp.Error)).sentence) == 50_000
    gone = await host.hear(rp.ParticipantUpdated)
    assert (gone.seat, gone.is_connected) == (str(room.guest.public_id), False)
