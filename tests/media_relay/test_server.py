"""The control door of a real relay process: who comes in, what is answered, how it stops."""

import asyncio
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from media_relay import protocol
from tests.media_relay.offers import CHROMIUM_OFFER
from tests.media_relay.relay_process import (
    ROOT,
    SECRET,
    ControlClient,
    RelayProcess,
    control_client,
    running_relay,
)

pytestmark = pytest.mark.process

ANN = {"room": "r", "participant": "ann"}


@pytest.fixture
async def relay() -> AsyncIterator[RelayProcess]:
    async with running_relay() as process:
        yield process


@pytest.fixture
async def client(relay: RelayProcess) -> AsyncIterator[ControlClient]:
    async with control_client(relay) as opened:
        yield opened


def fetch(url: str) -> tuple[int, Any]:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status, json.load(response)


async def code_of(client: ControlClient, kind: type[protocol.Request], **fields: Any) -> str:
    answer = await client.ask(kind, **fields)
    assert isinstance(answer, protocol.Error), answer
    return answer.code


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": SECRET},
        {"Authorization": f"Bearer {SECRET}", "Origin": "http://localhost"},
    ],
)
async def test_control_without_the_secret_is_refused(
    relay: RelayProcess, headers: dict[str, str]
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(relay.control, additional_headers=headers):
            pass

    assert refused.value.response.status_code == 401


async def test_healthz_says_ok(relay: RelayProcess) -> None:
    status, body = await asyncio.to_thread(fetch, relay.health)

    assert (status, body["status"], body["rooms"]) == (200, "ok", 0)


async def test_unknown_page_is_not_found(relay: RelayProcess) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        await asyncio.to_thread(fetch, relay.health.replace("healthz", "secrets"))

    refused.value.close()
    assert refused.value.code == 404


async def test_requests_are_idempotent(client: ControlClient) -> None:
    for _ in range(2):
        assert isinstance(await client.do(protocol.OpenRoom, room="r"), protocol.Ok)
    for _ in range(2):
        await client.do(protocol.JoinRoom, **ANN, may_publish=("camera",))
    for _ in range(2):
        await client.do(protocol.PausePublication, **ANN, source="camera", paused=True)
    for _ in range(2):
        await client.do(protocol.LeaveRoom, **ANN)
    for _ in range(2):
        await client.do(protocol.CloseRoom, room="r")

    report = await client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    assert (report.rooms, report.participants, report.counters["requests_refused"]) == (0, 0, 0)


async def test_refusals_are_named(client: ControlClient) -> None:
    assert await code_of(client, protocol.JoinRoom, **ANN, may_publish=()) == "unknown_room"
    await client.do(protocol.OpenRoom, room="r")
    assert await code_of(client, protocol.Subscribe, **ANN) == "unknown_participant"
    await client.do(protocol.JoinRoom, **ANN, may_publish=("microphone",))
    stale = {"generation": 1, "sdp": CHROMIUM_OFFER}
    assert await code_of(client, protocol.SubscribeAnswer, **ANN, **stale) == "stale_generation"

    async def offer(sdp: str, **sources: str) -> str:
        named = {mid.removeprefix("mid"): source for mid, source in sources.items()}
        return await code_of(client, protocol.PublishOffer, **ANN, sdp=sdp, sources=named)

    assert await offer("nonsense") == "bad_sdp"
    assert await offer(CHROMIUM_OFFER, mid1="camera") == "not_permitted"
    assert await offer(CHROMIUM_OFFER, mid1="microphone") == "bad_sdp"
    assert await offer(CHROMIUM_OFFER, mid9="microphone") == "bad_sdp"
    passive = CHROMIUM_OFFER.replace("actpass", "passive")
    assert await offer(passive, mid0="microphone") == "bad_sdp"
    report = await client.do(protocol.Status)
    assert isinstance(report, protocol.StatusReport)
    assert (report.publications, report.counters["faults"]) == (0, 0)


async def test_room_holds_no_more_participants_than_it_may(client: ControlClient) -> None:
    await client.do(protocol.OpenRoom, room="r")
    for index in range(200):
        await client.do(protocol.JoinRoom, room="r", participant=f"p{index}", may_publish=())

    assert await code_of(client, protocol.JoinRoom, **ANN, may_publish=()) == "too_many"
    await client.do(protocol.JoinRoom, room="r", participant="p7", may_publish=())


async def test_bad_message_is_answered_and_the_connection_goes_on(relay: RelayProcess) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with connect(relay.control, additional_headers=headers) as socket:
        await socket.recv()
        answers = []
        for text in ("{", '{"v":1,"type":"dance","id":"5"}', '{"v":1,"type":"ok","id":"6"}'):
            await socket.send(text)
            answers.append(protocol.decode(str(await socket.recv())))
        await socket.send(protocol.encode(protocol.Status(id="7")))
        last = protocol.decode(str(await socket.recv()))

    errors = [(answer.id, answer.code) for answer in answers if isinstance(answer, protocol.Error)]
    assert errors == [(None, "bad_message"), ("5", "bad_message"), ("6", "bad_message")]
    assert isinstance(last, protocol.StatusReport)


async def test_binary_message_closes_with_4000(relay: RelayProcess) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with connect(relay.control, additional_headers=headers) as socket:
        await socket.recv()
        await socket.send(b"\x00")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


async def test_slow_reader_is_cut_and_the_relay_goes_on(relay: RelayProcess) -> None:
    """It asks and asks and never reads: the answers pile up, then the connection is cut."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with control_client(relay) as other:
        async with connect(relay.control, additional_headers=headers, max_queue=1) as slow:
            await slow.send(protocol.encode(protocol.OpenRoom(id="1", room="r")))
            question = protocol.encode(protocol.Status(id="2"))
            with pytest.raises(ConnectionClosed):
                await send_without_end(slow, question)
        report = await other.do(protocol.Status)

    assert isinstance(report, protocol.StatusReport)
    assert report.counters["faults"] == 0


async def send_without_end(socket: ClientConnection, text: str) -> None:
    async with asyncio.timeout(60):
        while True:
            await socket.send(text)


async def test_sigterm_says_goodbye_and_closes_with_1012() -> None:
    async with running_relay() as relay:
        headers = {"Authorization": f"Bearer {SECRET}"}
        async with connect(relay.control, additional_headers=headers) as socket:
            await socket.recv()
            relay.process.send_signal(signal.SIGTERM)
            goodbye = protocol.decode(str(await socket.recv()))
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        status = await asyncio.to_thread(relay.process.wait, 5)

    assert isinstance(goodbye, protocol.Goodbye)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert status == 0


def test_relay_imports_neither_django_nor_our_apps() -> None:
    program = (
        "import sys, media_relay.__main__;"
        "names = {name.partition('.')[0] for name in sys.modules};"
        "sys.exit(','.join(names & {'django', 'channels', 'celery', 'crm', 'meetings', "
        "'analytics', 'vmcrm'}) or 0)"
    )

    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (result.returncode, result.stderr) == (0, "")


def test_relay_without_a_secret_ends_with_a_sentence() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "media_relay"],
        cwd=ROOT,
        env={"PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert "VMCRM_RELAY_SECRET" in result.stderr
