"""The relay as a process: what it holds, its figures, its end, and faults for tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from media_relay.protocol.envelope import Answer, Event, Request
from media_relay.protocol.rooms import RoomInfo
from media_relay.protocol.vocabulary import Name, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello(Event):
    """First on each control connection: who the relay is and all it holds."""

    TYPE: ClassVar[str] = "hello"
    relay: Name
    epoch: Name
    version: Name
    rooms: tuple[RoomInfo, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Status(Request):
    """Ask for the relay's figures."""

    TYPE: ClassVar[str] = "status"


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusReport(Answer):
    """The relay's figures; counters only rise while the process (`epoch`) lives."""

    TYPE: ClassVar[str] = "status_report"
    relay: Name
    epoch: Name
    version: Name
    uptime_s: float
    is_draining: bool
    rooms: int
    participants: int
    publications: int
    subscriptions: int
    loop_lag_ms: float
    packets_per_s: float
    cpu_s: float
    memory_bytes: int
    open_files: int
    queues: Mapping[Name, int]
    counters: Mapping[Name, int]
    drops: Mapping[Name, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drain(Request):
    """Take no new rooms from now on, until the process is started anew."""

    TYPE: ClassVar[str] = "drain"


@dataclass(frozen=True, kw_only=True, slots=True)
class Goodbye(Event):
    """The relay stops; every room of it ends."""

    TYPE: ClassVar[str] = "goodbye"
    reason: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class PathFault:
    """How bad one direction of the network is; 0 means not at all."""

    loss_percent: float
    delay_ms: int
    cap_bps: int  # for each address, with a queue of 200 ms


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectFault(Request):
    """For tests: make the network bad, in place of whatever was wrong with it before."""

    TYPE: ClassVar[str] = "inject_fault"
    room: Name | None  # null, with participant null: everybody
    participant: Name | None
    seed: int
    incoming: PathFault
    outgoing: PathFault
    is_cut: bool  # nothing passes in either direction
    answers_stun: bool
    answers_control: bool  # this request is answered in any case
