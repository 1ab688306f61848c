"""Who is known by which address, and what becomes of them, over real sockets."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
from aiortc.rtcdtlstransport import RTCCertificate

from media_relay.sdp.description import Fingerprint
from media_relay.stats import Stats
from media_relay.transport import tcp
from media_relay.transport.connection import SETUP_LIMIT_S, Connection, State
from media_relay.transport.dtls import fingerprint_of
from media_relay.transport.endpoint import MAX_ADDRESSES, MediaEndpoint
from media_relay.transport.tcp import TcpListener
from tests.media_relay.attacker import client_hello
from tests.media_relay.bare_peer import Invitation

LIMIT_S = 2.0


class Listener:
    """A participant's side of a connection that only looks at its state."""

    def __init__(self) -> None:
        self.states: list[State] = []

    def on_rtp(self, packet: bytes, now: float) -> None: ...

    def on_rtcp(self, packet: bytes, now: float) -> None: ...

    def on_state(self, state: State) -> None:
        self.states.append(state)


class Stream:
    """The peer's end of one TCP stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def check(self, connection: Connection) -> None:
        """Have a check answered that nominates this stream."""
        own = connection.ice.local
        await self._ask(Invitation(username=f"{own.ufrag}:peer", password=own.password).check())

    async def begin_handshake(self) -> None:
        """Send a hello and have it answered."""
        await self._ask(client_hello())

    async def _ask(self, datagram: bytes) -> None:
        self._writer.write(len(datagram).to_bytes(2, "big") + datagram)
        async with asyncio.timeout(LIMIT_S):
            length = int.from_bytes(await self._reader.readexactly(2), "big")
            await self._reader.readexactly(length)

    async def end(self) -> None:
        """Wait until the relay has cut it."""
        async with asyncio.timeout(LIMIT_S):
            with contextlib.suppress(ConnectionResetError):
                await self._reader.read()

    def close(self) -> None:
        self._writer.close()


class Relay:
    """An endpoint with one TCP port."""

    def __init__(self) -> None:
        self.stats = Stats()
        self._port = TcpListener("127.0.0.1", 0, self.stats)
        self.endpoint = MediaEndpoint([], self.stats, listeners=[self._port], offers_udp=False)
        self.endpoint.listen()
        self.peer = fingerprint_of(RTCCertificate.generateCertificate())
        self._streams: list[Stream] = []

    @property
    def open_streams(self) -> int:
        return self._port.waiting

    def invite(self, *, fingerprints: tuple[Fingerprint, ...] = ()) -> Connection:
        connection = self.endpoint.add(Listener())
        connection.set_remote(ufrag="peer", fingerprints=fingerprints)
        return connection

    async def come_in(self, connection: Connection) -> Stream:
        """A new stream that is taken for the invited peer's."""
        stream = await self.open_stream()
        await stream.check(connection)
        return stream

    async def open_stream(self) -> Stream:
        """A stranger's."""
        stream = Stream(*await asyncio.open_connection("127.0.0.1", self._port.port))
        self._streams.append(stream)
        return stream

    async def close(self) -> None:
        self.endpoint.close()
        for stream in self._streams:
            stream.close()
        await asyncio.sleep(0.05)


@pytest.fixture
async def relay(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    monkeypatch.setattr(tcp, "STRANGER_LIMIT_S", 0.2)
    opened = Relay()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    yield opened
    await opened.close()


async def test_stream_whose_address_makes_room_for_newer_ones_is_cut(relay: Relay) -> None:
    connection = relay.invite()
    streams = [await relay.come_in(connection) for _ in range(MAX_ADDRESSES + 2)]

    await streams[0].end()
    await streams[1].end()
    await asyncio.sleep(tcp.STRANGER_LIMIT_S)

    assert relay.stats.drops["tcp_stranger"] == 2
    assert relay.open_streams == len(connection.addresses) == MAX_ADDRESSES


async def test_stream_that_made_room_stays_if_it_brings_a_check_again(relay: Relay) -> None:
    connection = relay.invite()
    streams = [await relay.come_in(connection) for _ in range(MAX_ADDRESSES + 1)]

    await streams[0].check(connection)
    await streams[1].end()
    await asyncio.sleep(tcp.STRANGER_LIMIT_S)
    await streams[0].check(connection)

    assert relay.open_streams == MAX_ADDRESSES


async def test_address_in_use_makes_no_room_for_newer_ones(relay: Relay) -> None:
    connection = relay.invite()
    first = await relay.come_in(connection)
    newer = [await relay.come_in(connection) for _ in range(MAX_ADDRESSES - 1)]
    await first.check(connection)
    in_use = connection.address

    await relay.come_in(connection)
    await newer[0].end()

    assert in_use in connection.addresses


async def test_dropped_connection_leaves_no_stream_open(relay: Relay) -> None:
    connection = relay.invite()
    streams = [await relay.come_in(connection) for _ in range(3)]
    await asyncio.sleep(tcp.STRANGER_LIMIT_S * 1.5)
    assert relay.open_streams == 3  # as long as it is known, nothing presses

    relay.endpoint.drop(connection)
    for stream in streams:
        await stream.end()

    assert relay.open_streams == 0
    assert relay.stats.drops["tcp_stranger"] == 3


async def test_streams_of_dropped_connections_are_cut_for_newcomers(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "STRANGER_LIMIT_S", 60)
    monkeypatch.setattr(tcp, "MAX_STREAMS", 6)
    connection = relay.invite()
    for _ in range(6):
        await relay.come_in(connection)
    relay.endpoint.drop(connection)

    newcomer = relay.invite()
    await relay.come_in(newcomer)

    assert newcomer.addresses
    assert (relay.open_streams, relay.stats.drops["tcp_full"]) == (6, 1)


async def test_room_that_closes_pushes_nobody_out_who_is_just_coming(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "MAX_STRANGERS", 3)
    room = [relay.invite() for _ in range(5)]
    for connection in room:
        await relay.come_in(connection)
    coming, newcomer = await relay.open_stream(), relay.invite()

    for connection in room:
        relay.endpoint.drop(connection)
    await coming.check(newcomer)

    assert newcomer.addresses
    assert relay.stats.drops["tcp_full"] == 0


async def test_faults_are_counted_each_and_told_of_once_a_second(
    relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Listener):
        def on_state(self, state: State) -> None:
            raise ValueError(state)

    invited = relay.endpoint.add(Broken())
    invited.set_remote(ufrag="peer", fingerprints=())
    stream = await relay.come_in(invited)
    for _ in range(3):
        invited.state = "disconnected"
        await stream.check(invited)

    assert relay.stats.faults == 3
    assert len(caplog.records) == 1


async def test_handshake_that_the_peer_lets_stand_has_the_next_one_show_a_cookie(
    relay: Relay,
) -> None:
    connection = relay.invite(fingerprints=(relay.peer,))
    await (await relay.come_in(connection)).begin_handshake()

    connection.check_consent(time.monotonic() + SETUP_LIMIT_S + 1)
    relay.invite()

    assert relay.stats.drops["connection_setup_timeout"] == 1
    assert relay.stats.cookies_asked == 1


async def test_handshake_that_the_page_gives_up_has_the_next_one_show_a_cookie(
    relay: Relay,
) -> None:
    connection = relay.invite(fingerprints=(relay.peer,))
    await (await relay.come_in(connection)).begin_handshake()

    relay.endpoint.drop(connection)
    relay.invite()

    assert relay.stats.cookies_asked == 1


async def test_page_that_goes_before_its_handshake_asks_nobody_for_a_cookie(relay: Relay) -> None:
    connection = relay.invite(fingerprints=(relay.peer,))
    await relay.come_in(connection)

    relay.endpoint.drop(connection)
    relay.invite()

    assert relay.stats.cookies_asked == 0


async def test_connection_waits_for_its_description_as_long_as_it_takes(relay: Relay) -> None:
    """A viewer who comes first is offered nothing until somebody publishes."""
    connection = relay.endpoint.add(Listener())

    connection.check_consent(time.monotonic() + 3_600)
    assert connection.state == "connecting"

    connection.set_remote(ufrag="peer", fingerprints=(relay.peer,))
    connection.check_consent(time.monotonic() + SETUP_LIMIT_S + 1)
    assert relay.stats.drops["connection_setup_timeout"] == 1


async def test_connection_that_never_got_to_a_handshake_asks_nobody_for_a_cookie(
    relay: Relay,
) -> None:
    relay.endpoint.drop(relay.invite(fingerprints=(relay.peer,)))
    relay.invite().check_consent(time.monotonic() + SETUP_LIMIT_S + 1)

    relay.invite()

    assert relay.stats.cookies_asked == 0
