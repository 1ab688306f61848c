"""TURN servers handed to pages."""

import base64
import hashlib
import hmac
import time
from typing import Any

from meetings.ice_servers import CREDENTIAL_LASTS_S, ice_servers


def test_ice_servers_without_turn_are_none(settings: Any) -> None:
    settings.TURN_URLS = []

    assert ice_servers("seat-1") == ()


def test_ice_servers_carry_a_credential_that_coturn_can_check(settings: Any) -> None:
    settings.TURN_URLS, settings.TURN_SECRET = ["turn:turn.example.com:3478"], "shared"
    now = time.time()

    [server] = ice_servers("seat-1")

    assert server.urls == ("turn:turn.example.com:3478",)
    until, participant = str(server.username).split(":")
    assert participant == "seat-1"
    assert abs(int(until) - now - CREDENTIAL_LASTS_S) < 5
    assert CREDENTIAL_LASTS_S <= 3600
    expected = hmac.new(b"shared", str(server.username).encode(), hashlib.sha1).digest()
    assert base64.b64decode(str(server.credential)) == expected
