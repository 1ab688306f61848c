"""`python -m media_relay`: start, say where it listens, run until SIGTERM or SIGINT."""

import asyncio
import contextlib
import gc
import json
import logging
import resource
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import uvloop

from media_relay.config import BadConfig, Config, read_config
from media_relay.network import LOOPBACK, find_own_addresses
from media_relay.relay import Relay
from media_relay.server import ControlServer
from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport.faults import FaultScenario, FaultyUdpSocket
from media_relay.transport.roaming import Roaming
from media_relay.transport.tcp import TcpListener, open_listeners
from media_relay.transport.udp import UdpSocket, open_sockets

LEAVE_WITHIN_S = 3.0  # below what a supervisor gives: calls move to another relay meanwhile

SIGN_EVERY_S = 1.0
ENOUGH_DESCRIPTORS = 65_536

logger = logging.getLogger("media_relay")

# Python looks for unreachable cycles after so many new objects. Its default of 700 makes it walk
# over the packets that the rings keep again and again while they fill.
GC_THRESHOLD = 50_000


def main() -> int:
    """The process: 0 after an orderly stop, 2 when it cannot start."""
    try:
        config = read_config(sys.argv[1:])
    except BadConfig as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("websockets").setLevel(logging.WARNING)
    _raise_descriptor_limit()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(config))
    except OSError as error:
        sys.stderr.write(f"The relay cannot listen: {error}\n")
        return 2
    return 0


def _raise_descriptor_limit() -> None:
    """Each stream over TCP takes a descriptor, and many systems start programs with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def serve(config: Config) -> None:
    """Run until a signal asks to stop; then say goodbye and close in order.

    Raises what stopped the clocks: without them no report and no consent is kept any more, and a
    new process serves better.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stopped.set)
    stats = Stats()
    faults = FaultScenario(stats) if config.allow_faults else None
    open_ports = partial(_open_ports, config, stats, faults)
    addresses = config.advertised_ips or (LOOPBACK,)
    sockets, listeners = open_ports(addresses)
    endpoint = MediaEndpoint(
        sockets,
        stats,
        config.turn_ips,
        listeners=listeners,
        offers_udp=config.offers_udp,
    )
    roaming = None
    if not config.advertised_ips:
        roaming = Roaming(
            endpoint, addresses=addresses, find=find_own_addresses, open_ports=open_ports
        )
        # The address in the network is no reason not to start: calls on this machine work.
        roaming.look(time.monotonic())
    relay = Relay(
        name=config.name,
        endpoint=endpoint,
        stats=stats,
        grace_s=config.grace_s,
        faults=faults,
        recordings=config.recordings,
        roaming=roaming,
    )
    server = ControlServer(config, relay)
    gc.collect()
    gc.freeze()  # what is there now stays until the end
    gc.set_threshold(GC_THRESHOLD)
    clocks = asyncio.create_task(relay.run())
    clocks.add_done_callback(lambda _: stopped.set())
    signs = asyncio.create_task(_give_signs(config.sign_of_life))
    try:
        port = await server.start()
        _set_modules_aside()
        _say_ready(config, port, endpoint)
        await stopped.wait()
        relay.say_goodbye("The relay stops.")
        await relay.wait_until_left(LEAVE_WITHIN_S)
        await server.stop()
    finally:
        clocks.cancel()
        signs.cancel()
        await asyncio.wait((clocks, signs))
        relay.close()
        await asyncio.sleep(0)  # let the connections send their close_notify
        with contextlib.suppress(asyncio.CancelledError):
            clocks.result()


async def _give_signs(file: Path | None) -> None:
    """Touch the file every second; a loop that stands still is silent."""
    while file is not None:
        with contextlib.suppress(OSError):  # a full disk is no reason to end calls
            await asyncio.to_thread(file.touch)
        await asyncio.sleep(SIGN_EVERY_S)


def _open_ports(
    config: Config, stats: Stats, faults: FaultScenario | None, ips: Sequence[str]
) -> tuple[list[UdpSocket], list[TcpListener]]:
    """On each address one for UDP and, unless it is off, one for TCP. Raises OSError."""
    make = UdpSocket if faults is None else partial(FaultyUdpSocket, scenario=faults)
    sockets = open_sockets(ips, config.udp_port, stats, make)
    try:
        listeners = [] if config.tcp_port is None else open_listeners(ips, config.tcp_port, stats)
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    return sockets, listeners


def _set_modules_aside() -> None:
    """Keep what was imported out of garbage collection.

    With those fifty thousand objects a full collection takes some ten milliseconds in the middle
    of a call; without them, one.
    """
    gc.collect()
    gc.freeze()


def _say_ready(config: Config, port: int, endpoint: MediaEndpoint) -> None:
    """One line of JSON on standard output, for whoever started the process."""
    facts = {
        "ready": True,
        "control": f"ws://{config.control_host}:{port}/control",
        "health": f"http://{config.control_host}:{port}/healthz",
        "media": [f"{ip}:{port}" for ip, port in endpoint.candidates],
        "media_tcp": [f"{ip}:{port}" for ip, port in endpoint.tcp_candidates],
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
