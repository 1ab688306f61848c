"""What waking up costs here: `python -m tests.benchmarks.wake`, about eight seconds.

One datagram comes every ten milliseconds, and nothing is done with it. A relay pays this for each
burst of packets, whatever is in it; in a small room few packets share it.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import uvloop

from media_relay.transport.doorbell import Doorbell
from media_relay.transport.udp import GATHER_S

WARM_UP_S = 0.5
MEASURE_S = 3.0
SENDER = """
import socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
    while True:
        out.sendto(bytes(1000), ("127.0.0.1", int(sys.argv[1])))
        time.sleep(0.010)
"""


def main() -> None:
    """Read at once, and after the wait with which the relay gathers the rest of a frame."""
    for name, gather_s in (("read at once", None), (f"read {GATHER_S * 1e3:g} ms later", GATHER_S)):
        with fed_socket() as inbox:
            cost_us = uvloop.run(measure(inbox, gather_s))
        print(f"{name}: {cost_us:.0f} us for each datagram")


@contextlib.contextmanager
def fed_socket() -> Iterator[socket.socket]:
    """A socket to which another process sends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inbox:
        inbox.bind(("127.0.0.1", 0))
        inbox.setblocking(False)
        port = str(inbox.getsockname()[1])
        with subprocess.Popen([sys.executable, "-c", SENDER, port]) as sender:
            yield inbox
            sender.terminate()


async def measure(inbox: socket.socket, gather_s: float | None) -> float:
    """CPU time of this process for each datagram, in microseconds."""
    loop, count = asyncio.get_running_loop(), 0
    waiting: asyncio.TimerHandle | None = None

    def read() -> None:
        nonlocal count
        count += 1
        inbox.recv(2048)
        bell.arm()

    def ring() -> None:
        nonlocal waiting
        waiting = None if gather_s is None else loop.call_later(gather_s, read)
        if waiting is None:
            read()

    bell = Doorbell(inbox.fileno(), ring, uses_epoll=True)
    bell.arm()
    await asyncio.sleep(WARM_UP_S)
    before, cpu_s = count, time.process_time()
    await asyncio.sleep(MEASURE_S)
    cost_us = (time.process_time() - cpu_s) / (count - before) * 1e6
    if waiting is not None:
        waiting.cancel()
    bell.close()
    return cost_us


if __name__ == "__main__":
    main()
