"""A stranger at the media port: run as its own process with host, port and a seed."""

import contextlib
import random
import socket
import sys
import time

from aioice import stun
from OpenSSL import SSL


def client_hello() -> bytes:
    """A real first flight of DTLS, from somebody whom nobody invited."""
    context = SSL.Context(SSL.DTLS_METHOD)
    connection = SSL.Connection(context)
    connection.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(1500)


def connectivity_check(chance: random.Random) -> bytes:
    """A well-formed check for a ufrag that does not exist."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"{chance.randbytes(4).hex()}:abcd"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = chance.getrandbits(64)
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(b"a password that nobody has")
    return bytes(message)


def main(host: str, port: int, seed: int) -> None:
    """Everything in turn, at some ten thousand datagrams a second."""
    chance = random.Random(seed)
    target = (host, port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", target)
        for index in range(3_000):
            sender.sendto(chance.randbytes(chance.randint(1, 1_400)), target)
            if index % 50 == 0:
                time.sleep(0.005)
        for _ in range(20):
            sender.sendto(chance.randbytes(chance.randint(1_501, 60_000)), target)
            time.sleep(0.001)
        for index in range(500):
            sender.sendto(connectivity_check(chance), target)
            if index % 50 == 0:
                time.sleep(0.005)
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(client_hello(), target)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
