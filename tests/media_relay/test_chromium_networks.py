"""Chromium on networks that let little through: TCP alone, and a TURN server alone."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import shutil
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from media_relay import protocol
from tests.media_relay.attacker import client_hello
from tests.media_relay.bare_peer import authenticate, invite
from tests.media_relay.relay_process import eventually
from tests.media_relay.test_chromium import call_page, start_call
from tests.media_relay.test_robustness import run_attacker
from tests.media_relay.test_spoofing import dtls_record
from tests.media_relay.test_tcp_attack import ATTACKERS_IP

pytestmark = [pytest.mark.browser, pytest.mark.process]

TURN_SECRET = "shared with the TURN server"


async def test_chromium_without_udp_calls_over_tcp() -> None:
    async with call_page(**{"tcp-only": ""}) as call:
        await start_call(call)

        await call.more_frames("camera", 60)
        assert (await call.page.evaluate("selectedPath(publishing)"))["remote"] == "tcp"
        assert (await call.page.evaluate("selectedPath(watching)"))["remote"] == "tcp"


async def test_chromium_over_tcp_goes_on_while_strangers_attack_the_port() -> None:
    async with call_page(**{"tcp-only": ""}) as call:
        await start_call(call)
        before = (await call.received("camera"))["framesDecoded"]

        await run_attacker("tcp_attacker", *call.media_tcp, ATTACKERS_IP, 1)

        # A busy machine decodes fewer of the 30 a second, but it never stands still for long.
        assert (await call.received("camera"))["framesDecoded"] > before + 60
        for connection in ("publishing", "watching"):
            assert await call.page.evaluate(f"{connection}.connectionState") == "connected"
            assert (await call.page.evaluate(f"selectedPath({connection})"))["remote"] == "tcp"


async def test_chromium_shows_a_cookie_after_somebody_elses_handshake_failed() -> None:
    async with call_page() as call:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(call.media)
            authenticate(sender, await invite(call.client, "mallory"))
            sender.send(client_hello())
            sender.send(dtls_record(21, 0, 1, bytes((2, 40))))  # a fatal alert
            await call.client.wait_for(
                protocol.ConnectionStateChanged, lambda event: event.state == "closed"
            )

        await start_call(call)

        report = await call.client.do(protocol.Status)
        assert isinstance(report, protocol.StatusReport)
        assert report.counters["cookies_asked"] == 2
        assert report.counters["handshakes"] == 2


@pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed.")
async def test_chromium_with_relayed_candidates_only_calls_through_turn(tmp_path: Path) -> None:
    async with coturn(tmp_path) as servers:
        configuration = {"iceServers": servers, "iceTransportPolicy": "relay"}
        async with call_page(configuration) as call:
            await start_call(call)

            await call.more_frames("camera", 60)
            for connection in ("publishing", "watching"):
                path = await call.page.evaluate(f"selectedPath({connection})")
                assert path["local"] == "relay"


@contextlib.asynccontextmanager
async def coturn(folder: Path) -> AsyncIterator[list[dict[str, Any]]]:
    """A TURN server on loopback; what a page needs to use it for the next minute."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    options = f"""
        --no-cli --no-tls --no-dtls --allow-loopback-peers --simple-log
        --listening-ip 127.0.0.1 --relay-ip 127.0.0.1 --listening-port {port}
        --realm vmcrm.test --use-auth-secret --pidfile {folder}/pid --userdb {folder}/users
        --log-file {folder}/log
    """
    process = await asyncio.create_subprocess_exec(
        "turnserver",
        *options.split(),
        "--static-auth-secret",
        TURN_SECRET,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:

        async def listens() -> bool:
            with socket.socket() as tried:
                return tried.connect_ex(("127.0.0.1", port)) == 0

        await eventually(listens, "coturn listens")
        # The scheme of draft-uberti-behave-turn-rest-00, as meetings/ice_servers.py writes it.
        name = f"{int(time.time()) + 60}:ann"
        digest = hmac.new(TURN_SECRET.encode(), name.encode(), hashlib.sha1).digest()
        yield [
            {
                "urls": [f"turn:127.0.0.1:{port}?transport=udp"],
                "username": name,
                "credential": base64.b64encode(digest).decode(),
            }
        ]
    finally:
        process.terminate()
        await process.wait()
