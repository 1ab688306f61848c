"""Writes another one's address on its datagrams: a process of its own, with the right to do so.

Arguments: the relay's address and port, the address and port to write, what to send.
"""

import random
import socket
import sys
import time
from collections.abc import Sequence
from struct import pack

from tests.media_relay.attacker import client_hello, connectivity_check
from tests.media_relay.packets import rtp

ROUNDS = 200


def may_spoof() -> bool:
    """Whether this process may write headers itself (CAP_NET_RAW)."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW).close()
    except PermissionError:
        return False
    return True


class Forger:
    """Sends UDP datagrams from any address (RFC 791, RFC 768)."""

    def __init__(self, source: tuple[str, int], target: tuple[str, int]) -> None:
        self._source, self._target = source, target
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(self, payload: bytes) -> None:
        ports = pack("!HH", self._source[1], self._target[1])
        # A checksum of 0 says that there is none; the kernel writes the one of the IP header.
        udp = ports + pack("!HH", 8 + len(payload), 0) + payload
        addresses = socket.inet_aton(self._source[0]) + socket.inet_aton(self._target[0])
        head = pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0)
        self._socket.sendto(head + addresses + udp, (self._target[0], 0))


def media(chance: random.Random, ssrcs: Sequence[int]) -> list[bytes]:
    """RTP and RTCP on the SSRCs that are in use: in the clear, and with a forged seal."""
    packets = []
    for ssrc in ssrcs:
        sequence = chance.randrange(65_536)
        bare = rtp(sequence=sequence, ssrc=ssrc)
        packets += [
            bare,
            bare + chance.randbytes(16),
            pack("!BBHI", 0x81, 203, 1, ssrc),  # goodbye
            pack("!BBHII", 0x81, 206, 2, ssrc, ssrc) + chance.randbytes(20),  # a key frame, please
            pack("!BBHII4sI", 0x8F, 206, 5, ssrc, 0, b"REMB", 0x01000001) + pack("!I", ssrc),
        ]
    return packets


def main(relay: tuple[str, int], source: tuple[str, int], kind: str, ssrcs: Sequence[int]) -> None:
    """One kind of datagrams, at some thousands a second."""
    chance, forger = random.Random(7), Forger(source, relay)
    for number in range(ROUNDS):
        if kind == "media":
            datagrams = media(chance, ssrcs)
        elif kind == "hellos":
            # OpenSSL drops a hello without a word: the packet behind it, which is counted, shows
            # that both come in.
            datagrams = [client_hello(), rtp(sequence=number)]
        else:
            datagrams = [connectivity_check(chance), chance.randbytes(300)]
        for datagram in datagrams:
            forger.send(datagram)
        time.sleep(0.003)


if __name__ == "__main__":
    main(
        (sys.argv[1], int(sys.argv[2])),
        (sys.argv[3], int(sys.argv[4])),
        sys.argv[5],
        [int(word) for word in sys.argv[6:]],
    )
