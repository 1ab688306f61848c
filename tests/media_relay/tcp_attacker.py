"""A stranger at the TCP port: run as its own process with host, port, own address and a seed."""

import contextlib
import random
import socket
import sys
import time
from collections.abc import Iterator
from struct import pack

from tests.media_relay.attacker import client_hello, connectivity_check

SILENT = 300  # three times what may be there without an authentic check
SLOW = 30
SLOW_S = 6.5  # longer than a stranger is let in
FLOOD_BYTES = 1_000_000


class Stranger:
    """Opens streams from one address, whatever the relay does to them."""

    def __init__(self, host: str, port: int, own_ip: str) -> None:
        self._target, self._own_ip = (host, port), own_ip

    @contextlib.contextmanager
    def streams(self, count: int) -> Iterator[list[socket.socket]]:
        opened = [self._open() for _ in range(count)]
        try:
            yield opened
        finally:
            for stream in opened:
                stream.close()

    def _open(self) -> socket.socket:
        stream = socket.socket()
        stream.settimeout(2)
        stream.bind((self._own_ip, 0))
        stream.connect(self._target)
        return stream


def send(stream: socket.socket, data: bytes) -> None:
    """As much of it as the relay takes before it hangs up."""
    with contextlib.suppress(OSError):
        stream.sendall(data)


def frame(data: bytes) -> bytes:
    return pack("!H", len(data)) + data


def break_the_framing(stranger: Stranger, chance: random.Random) -> None:
    for head in (0, 1_501, 65_535):
        with stranger.streams(10) as streams:
            for stream in streams:
                send(stream, pack("!H", head) + chance.randbytes(4_000))
    with stranger.streams(20) as streams:
        for stream in streams:
            send(stream, chance.randbytes(chance.randint(1, 100_000)))


def speak_without_an_invitation(stranger: Stranger, chance: random.Random) -> None:
    with stranger.streams(20) as streams:
        for stream in streams:
            for _ in range(10):
                send(stream, frame(connectivity_check(chance)))
                send(stream, frame(client_hello()))
                send(stream, frame(bytes((0x80,)) + chance.randbytes(1_199)))


def flood(stranger: Stranger, chance: random.Random) -> None:
    piece = b"".join(frame(chance.randbytes(1_500)) for _ in range(64))
    with stranger.streams(5) as streams:
        for stream in streams:
            for _ in range(FLOOD_BYTES // len(piece)):
                send(stream, piece)


def end_halfway(stranger: Stranger) -> None:
    with stranger.streams(20) as streams:
        for stream in streams:
            send(stream, pack("!H", 1_200) + bytes(600))
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_WR)


def hold_streams(stranger: Stranger) -> None:
    """Many that say nothing, and some that say one byte of a frame now and then."""
    with stranger.streams(SILENT), stranger.streams(SLOW) as slow:
        end = time.monotonic() + SLOW_S
        for stream in slow:
            send(stream, pack("!H", 1_500))
        while time.monotonic() < end:
            for stream in slow:
                send(stream, b"\x00")
            time.sleep(0.1)


def main(host: str, port: int, own_ip: str, seed: int) -> None:
    """Everything in turn, in some eight seconds."""
    stranger, chance = Stranger(host, port, own_ip), random.Random(seed)
    break_the_framing(stranger, chance)
    speak_without_an_invitation(stranger, chance)
    flood(stranger, chance)
    end_halfway(stranger)
    hold_streams(stranger)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
