"""The least that forwarding costs: seal each packet for each viewer, and send it. Nothing else."""

import multiprocessing
import select
import socket
import time
from multiprocessing.connection import Connection

from pylibsrtp import Policy, Session

from media_relay.stats import Stats
from media_relay.transport.mmsg import SocketName
from media_relay.transport.outbox import Outlet
from media_relay.transport.srtp import OutboundSrtp
from media_relay.transport.udp import UdpSocket
from tests.benchmarks.traffic import EVEN_BYTES, NOISE

SECONDS = 1.5


def _drain(pipe: Connection, viewers: int) -> None:
    """The receiving side, a process of its own as the viewers are."""
    waiting = select.epoll()
    opened: dict[int, socket.socket] = {}
    for _ in range(viewers):
        peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        peer.bind(("127.0.0.1", 0))
        peer.setblocking(False)
        waiting.register(peer.fileno(), select.EPOLLIN)
        opened[peer.fileno()] = peer
    pipe.send([peer.getsockname() for peer in opened.values()])
    while not pipe.poll():
        for number, _ in waiting.poll(0.2):
            try:
                while True:
                    opened[number].recv(2048)
            except BlockingIOError:
                continue


def measure_floor(viewers: int) -> float:
    """CPU microseconds per packet and viewer: AES-256-GCM, sendmmsg, one plain loop."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    drain = multiprocessing.get_context("spawn").Process(target=_drain, args=(theirs, viewers))
    drain.start()
    udp = UdpSocket("127.0.0.1", 0, Stats())
    try:
        assert udp.batch is not None
        udp.batch.can_segment = False
        udp.batch.turn.at_end = lambda job: None  # type: ignore[method-assign] - flushed below
        outlets = []
        for address in ours.recv():
            policy = Policy(
                key=bytes(44),
                ssrc_type=Policy.SSRC_ANY_OUTBOUND,
                srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
            )
            name = SocketName()
            name.set(address)
            outlets.append(Outlet(OutboundSrtp(Session(policy)), name, udp.batch))
        payload, sent = NOISE[:EVEN_BYTES], 0
        end, before = time.monotonic() + SECONDS, time.process_time()
        while time.monotonic() < end:
            head = b"\x80\x60" + (sent // viewers & 0xFFFF).to_bytes(2, "big") + bytes(8)
            for outlet in outlets:
                udp.batch.append(outlet, head, payload, 0)
            udp.batch.flush()
            sent += viewers
        return (time.process_time() - before) / sent * 1e6
    finally:
        ours.send(None)
        drain.join()
