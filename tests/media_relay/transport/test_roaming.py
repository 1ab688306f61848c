"""A relay whose machine changes networks is named, and reached, where the machine is now."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from media_relay.stats import Stats
from media_relay.transport.endpoint import MediaEndpoint
from media_relay.transport.roaming import Roaming
from media_relay.transport.tcp import TcpListener, open_listeners
from media_relay.transport.udp import UdpSocket, open_sockets
from tests.media_relay.bare_peer import Invitation
from tests.media_relay.transport.test_endpoint import Listener

HOME, OFFICE, TRAIN = "127.0.0.2", "127.0.0.3", "127.0.0.4"
LIMIT_S = 5.0


class Machine:
    """Where it is now, and whether its ports are to be had."""

    def __init__(self, *addresses: str) -> None:
        self.stats = Stats()
        self.addresses: Sequence[str] = addresses
        self.is_busy = False

    def find(self) -> Sequence[str]:
        return self.addresses

    def open_ports(self, ips: Sequence[str]) -> tuple[list[UdpSocket], list[TcpListener]]:
        if self.is_busy:
            raise OSError(98, "Address already in use")
        return open_sockets(ips, 0, self.stats), open_listeners(ips, 0, self.stats)


@asynccontextmanager
async def roaming(machine: Machine) -> AsyncIterator[tuple[Roaming, MediaEndpoint]]:
    sockets, listeners = machine.open_ports(machine.addresses)
    endpoint = MediaEndpoint(sockets, machine.stats, listeners=listeners)
    endpoint.listen()
    yield (
        Roaming(
            endpoint,
            addresses=machine.addresses,
            find=machine.find,
            open_ports=machine.open_ports,
        ),
        endpoint,
    )
    endpoint.close()


def named(endpoint: MediaEndpoint) -> tuple[list[str], list[str]]:
    """The addresses that browsers are told, for UDP and for TCP."""
    return [ip for ip, _ in endpoint.candidates], [ip for ip, _ in endpoint.tcp_candidates]


async def answers(endpoint: MediaEndpoint, ip: str) -> bool:
    """Whether a check at this address is answered."""
    own = endpoint.add(Listener()).ice.local
    check = Invitation(username=f"{own.ufrag}:peer", password=own.password).check()
    [place] = [place for place in endpoint.candidates if place[0] == ip]
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.connect(place)
        await loop.sock_sendall(sender, check)
        async with asyncio.timeout(LIMIT_S):
            return bool(await loop.sock_recv(sender, 2048))


async def test_machine_in_another_network_is_named_and_answers_there() -> None:
    machine = Machine(HOME)
    async with roaming(machine) as (roams, endpoint):
        machine.addresses = (HOME, OFFICE)
        roams.look(0.0)

        assert named(endpoint) == ([HOME, OFFICE], [HOME, OFFICE])
        assert await answers(endpoint, OFFICE)
        assert await answers(endpoint, HOME)


async def test_address_that_was_left_is_named_no_more_and_kept_for_the_way_back() -> None:
    machine = Machine(HOME, OFFICE)
    async with roaming(machine) as (roams, endpoint):
        before = endpoint.candidates
        machine.addresses = (HOME, TRAIN)
        roams.look(0.0)
        away = named(endpoint)
        machine.addresses = (HOME,)  # no network
        roams.look(2.0)
        alone = named(endpoint)
        machine.addresses = (HOME, OFFICE)
        roams.look(4.0)

        assert away == ([HOME, TRAIN], [HOME, TRAIN])
        assert alone == ([HOME], [HOME])
        assert endpoint.candidates == before


async def test_port_that_is_not_to_be_had_is_tried_again_and_complained_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    machine = Machine(HOME)
    async with roaming(machine) as (roams, endpoint):
        machine.addresses, machine.is_busy = (HOME, OFFICE), True
        roams.look(0.0)
        roams.look(2.0)
        meanwhile = named(endpoint)
        machine.is_busy = False
        roams.look(4.0)

        warnings = [entry for entry in caplog.records if entry.levelname == "WARNING"]
        assert len(warnings) == 1
        assert meanwhile == ([HOME], [HOME])
        assert named(endpoint) == ([HOME, OFFICE], [HOME, OFFICE])


async def test_address_found_before_anybody_listens_answers_like_the_first() -> None:
    machine = Machine(HOME)
    sockets, listeners = machine.open_ports(machine.addresses)
    endpoint = MediaEndpoint(sockets, machine.stats, listeners=listeners)
    roams = Roaming(
        endpoint, addresses=machine.addresses, find=machine.find, open_ports=machine.open_ports
    )
    machine.addresses = (HOME, OFFICE)

    roams.look(0.0)
    endpoint.listen()

    assert named(endpoint) == ([HOME, OFFICE], [HOME, OFFICE])
    assert await answers(endpoint, HOME)
    assert await answers(endpoint, OFFICE)
    endpoint.close()
