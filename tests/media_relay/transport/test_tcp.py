"""Streams of strangers and of slow readers, over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from media_relay.stats import Stats
from media_relay.transport import tcp
from media_relay.transport.mmsg import Address
from media_relay.transport.tcp import TcpListener, TcpStream
from tests.media_relay.relay_process import eventually


@dataclass
class Door:
    """A listener, what came through it, and who is known."""

    stats: Stats = field(default_factory=Stats)
    seen: list[bytes] = field(default_factory=list)
    streams: list[TcpStream] = field(default_factory=list)
    ended: list[Address] = field(default_factory=list)
    knows_everybody: bool = True

    def __post_init__(self) -> None:
        self.listener = TcpListener("127.0.0.1", 0, self.stats)
        self.listener.listen(
            lambda buffer, length, _, stream: (
                self.seen.append(bytes(buffer.view[:length])),
                self.streams.append(stream),
            ),
            is_known=lambda _: self.knows_everybody,
            on_end=self.ended.append,
        )

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.listener.port)

    async def has_dropped(self, cause: str) -> None:
        async def was_counted() -> bool:
            return self.stats.drops[cause] > 0

        await eventually(was_counted, cause)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    opened = Door()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    yield opened
    opened.listener.close()
    await asyncio.sleep(0.05)


def frame(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


async def seen(door: Door, count: int) -> None:
    async def have_come() -> bool:
        return len(door.seen) >= count

    await eventually(have_come, f"{count} datagrams")


async def test_frames_cut_anywhere_are_put_together(door: Door) -> None:
    _, writer = await door.connect()
    sent = [b"a", b"b" * 1500, b"c" * 300]
    stream = b"".join(map(frame, sent))

    for start in range(0, len(stream), 7):
        writer.write(stream[start : start + 7])
        await asyncio.sleep(0)
    await seen(door, 3)
    door.streams[0].send(b"answer", ())
    writer.close()

    assert door.seen == sent


async def test_send_frames_what_goes_out(door: Door) -> None:
    reader, writer = await door.connect()
    writer.write(frame(b"check"))
    await seen(door, 1)

    door.streams[0].send(b"answer", ())

    assert await reader.readexactly(8) == frame(b"answer")
    writer.close()


@pytest.mark.parametrize("head", [b"\x00\x00", b"\xff\xff"])
async def test_frame_of_impossible_length_cuts_the_stream(door: Door, head: bytes) -> None:
    reader, writer = await door.connect()

    writer.write(frame(b"check") + head)

    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    await door.has_dropped("tcp_frame")
    assert door.listener.waiting == 0
    assert len(door.ended) == 1
    writer.close()


async def test_stranger_without_an_authentic_check_is_cut(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "STRANGER_LIMIT_S", 0.1)
    door.knows_everybody = False
    _, writer = await door.connect()
    writer.write(frame(b"nonsense"))

    await door.has_dropped("tcp_stranger")

    assert door.listener.waiting == 0
    writer.close()


async def test_silent_strangers_do_not_keep_a_newcomer_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "MAX_STRANGERS", 2)
    door.knows_everybody = False
    silent = [await door.connect() for _ in range(3)]

    reader, writer = await door.connect()
    writer.write(frame(b"check"))
    await seen(door, 1)
    door.streams[0].send(b"answer", ())

    assert await reader.readexactly(8) == frame(b"answer")
    assert door.stats.drops["tcp_full"] == 2
    for oldest, _ in silent[:2]:
        with contextlib.suppress(ConnectionResetError):
            assert await oldest.read() == b""
    assert door.listener.waiting == 2
    for _, left in silent:
        left.close()
    writer.close()


async def test_crowd_from_one_address_does_not_push_out_somebody_elsewhere(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "MAX_STRANGERS", 3)
    door.knows_everybody = False
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", door.listener.port, local_addr=("127.0.0.2", 0)
    )
    crowd = [(await door.connect())[1] for _ in range(10)]

    async def has_made_room() -> bool:
        return door.stats.drops["tcp_full"] == 8

    await eventually(has_made_room, "eight of the crowd being cut")
    writer.write(frame(b"check"))
    await seen(door, 1)
    door.streams[0].send(b"answer", ())

    assert await reader.readexactly(8) == frame(b"answer")
    for stranger in (*crowd, writer):
        stranger.close()


async def test_streams_that_brought_a_check_are_never_cut_for_strangers(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "MAX_STRANGERS", 1)
    reader, writer = await door.connect()
    writer.write(frame(b"check"))
    await seen(door, 1)

    crowd = [(await door.connect())[1] for _ in range(3)]
    await door.has_dropped("tcp_full")
    door.streams[0].send(b"answer", ())

    assert await reader.readexactly(8) == frame(b"answer")
    for stranger in (*crowd, writer):
        stranger.close()


async def test_slow_reader_loses_media_first_and_then_the_stream(door: Door) -> None:
    _, writer = await door.connect()
    writer.write(frame(b"check"))
    await seen(door, 1)
    stream = door.streams[0]
    media, control = bytes((0x80,)) * 1400, bytes((22,)) * 1400

    for _ in range(20_000):
        stream.send(media, ())
        if door.stats.drops["tcp_queue_full"]:
            break
    assert door.stats.drops["tcp_queue_full"] == 1
    for _ in range(1_000):
        stream.send(control, ())

    assert door.stats.drops["tcp_slow_reader"] == 1
    assert door.stats.drops["tcp_closed"] > 0
    writer.close()
