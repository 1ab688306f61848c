"""Whose scripts may open a socket."""

import pytest
from channels.testing import WebsocketCommunicator

from vmcrm.asgi import application, find_allowed_origins

ROOM = "/ws/meetings/00000000-0000-4000-8000-000000000000/"


def test_allowed_origins_carry_scheme_and_port_of_the_base_url(settings):
    settings.BASE_URL = "https://meet.example.com:8443"
    settings.ALLOWED_HOSTS = ["meet.example.com", ".example.org"]

    assert find_allowed_origins() == [
        "https://.example.org:8443",
        "https://meet.example.com:8443",
    ]


@pytest.mark.parametrize(
    "origin",
    [
        b"https://evil.example",
        b"http://localhost:9",
        b"https://localhost:8000",
        b"null",
        b"http://[",
        b"http://localhost:port",
        b"\xff\x00",
        None,
    ],
)
async def test_socket_from_a_foreign_page_is_refused_before_the_room_sees_it(origin):
    headers = [(b"host", b"localhost:8000")] + ([(b"origin", origin)] if origin else [])
    socket = WebsocketCommunicator(application, ROOM, headers=headers)

    is_connected, code = await socket.connect()

    assert (is_connected, code) == (False, 1000)


@pytest.mark.django_db(transaction=True)
async def test_socket_from_our_own_page_reaches_the_room(settings):
    headers = [(b"host", b"localhost:8000"), (b"origin", settings.BASE_URL.encode())]
    socket = WebsocketCommunicator(application, ROOM, headers=headers)

    is_connected, _subprotocol = await socket.connect()

    assert is_connected  # the room accepts, then says with a close code why not
    closed = await socket.receive_output()
    assert closed == {"type": "websocket.close", "code": 4004}


async def test_socket_to_an_address_without_a_room_is_refused_in_one_line(settings, caplog):
    headers = [(b"host", b"localhost:8000"), (b"origin", settings.BASE_URL.encode())]
    socket = WebsocketCommunicator(application, "/ws/nowhere/", headers=headers)

    is_connected, code = await socket.connect()

    assert (is_connected, code) == (False, 1000)
    assert [record.getMessage() for record in caplog.records] == [
        "Socket refused, nothing is at its path; from "
    ]
