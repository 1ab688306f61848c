"""Bad networks on request, for tests: loss, delay, a narrow link, a cut cable, a deaf relay.

A socket of this kind takes the place of the plain one only in a process that was started with
`--allow-faults`; in any other process none of this is on the way of a packet.
"""

import asyncio
import random
import time
from collections.abc import Callable
from functools import partial

from media_relay.protocol import InjectFault, PathFault
from media_relay.stats import Stats
from media_relay.transport.mmsg import Address
from media_relay.transport.srtp import PacketBuffer
from media_relay.transport.udp import OnDatagram, UdpSocket

QUEUE_S = 0.2  # what a narrow link holds; the newest datagram beyond is dropped
MAX_HELD = 4_096  # datagrams under way at once, in either direction
STUN_BYTES = range(4)


class FaultyPath:
    """One direction. Each address has a link of its own, as each viewer has."""

    def __init__(self, fault: PathFault, chance: random.Random, stats: Stats) -> None:
        self._fault = fault
        self._chance = chance
        self._stats = stats
        self._free_at: dict[Address, float] = {}

    def wait_s(self, size: int, address: Address, now: float) -> float | None:
        """How long a datagram of `size` bytes takes to get through; None when it is lost."""
        fault = self._fault
        # Drawn for every datagram, so that one seed loses the same ones whatever the share is.
        if self._chance.random() * 100 < fault.loss_percent:
            self._stats.drops["fault_loss"] += 1
            return None
        wait_s = fault.delay_ms / 1000
        if fault.cap_bps:
            free_at = max(now, self._free_at.get(address, now)) + size * 8 / fault.cap_bps
            if free_at - now > QUEUE_S:
                self._stats.drops["fault_cap"] += 1
                return None
            self._free_at[address] = free_at
            wait_s += free_at - now
        return wait_s


class FaultScenario:
    """What goes wrong at present; a request replaces all of it."""

    def __init__(self, stats: Stats) -> None:
        self.answers_control = True
        self._stats = stats
        self._is_played = False

    def play(self, request: InjectFault, concerns: Callable[[Address], bool]) -> None:
        """From now on, for the addresses that `concerns` names."""
        self.answers_control = request.answers_control
        self._answers_stun = request.answers_stun
        self._is_cut = request.is_cut
        self._concerns = concerns
        self._incoming = self._path(request.incoming, f"{request.seed} in")
        self._outgoing = self._path(request.outgoing, f"{request.seed} out")
        self._is_played = True

    def wait_in_s(self, first: int, size: int, address: Address) -> float | None:
        """As `FaultyPath.wait_s`, for a datagram that arrives and begins with the byte `first`."""
        if not self._is_played or not self._concerns(address):
            return 0.0
        if first in STUN_BYTES and not self._answers_stun:
            self._stats.drops["fault_stun"] += 1
            return None
        return self._wait_s(self._incoming, size, address)

    def wait_out_s(self, size: int, address: Address) -> float | None:
        """The same for one that leaves."""
        if not self._is_played or not self._concerns(address):
            return 0.0
        return self._wait_s(self._outgoing, size, address)

    def _wait_s(self, path: FaultyPath, size: int, address: Address) -> float | None:
        if self._is_cut:
            self._stats.drops["fault_cut"] += 1
            return None
        return path.wait_s(size, address, time.monotonic())

    def _path(self, fault: PathFault, seed: str) -> FaultyPath:
        return FaultyPath(fault, random.Random(seed), self._stats)  # noqa: S311 - for tests


class FaultyUdpSocket(UdpSocket):
    """A socket on a bad network."""

    def __init__(self, ip: str, port: int, stats: Stats, scenario: FaultScenario) -> None:
        # One by one: the scenario decides on each datagram.
        super().__init__(ip, port, stats, is_batched=False)
        self._scenario = scenario
        self._held = 0

    def listen(self, on_datagram: OnDatagram) -> None:
        super().listen(partial(self._arrived, on_datagram))

    def send(self, data: bytes | memoryview, address: Address) -> None:
        wait_s = self._scenario.wait_out_s(len(data), address)
        if wait_s == 0:
            super().send(data, address)
        elif wait_s is not None:
            self._hold(wait_s, partial(super().send, bytes(data), address))

    def _arrived(
        self,
        on_datagram: OnDatagram,
        buffer: PacketBuffer,
        length: int,
        sender: Address,
        _socket: UdpSocket,
    ) -> None:
        wait_s = self._scenario.wait_in_s(buffer.data[0], length, sender)
        if wait_s == 0:
            on_datagram(buffer, length, sender, self)
        elif wait_s is not None:
            kept = PacketBuffer(len(buffer.data))
            kept.view[:length] = buffer.view[:length]
            self._hold(wait_s, partial(on_datagram, kept, length, sender, self))

    def _hold(self, wait_s: float, pass_on: Callable[[], None]) -> None:
        if self._held >= MAX_HELD:
            self._stats.drops["fault_held"] += 1
            return
        self._held += 1
        asyncio.get_running_loop().call_later(wait_s, self._release, pass_on)

    def _release(self, pass_on: Callable[[], None]) -> None:
        self._held -= 1
        pass_on()
