"""Which connections are kept and which are ended. Pure rules over times and counts, no socket.

A connection is at any time in one of four phases. It waits for the head of a request (a new one,
and one that is kept alive between two requests), receives a request's body, is being answered, or
is the socket of a room. Waiting costs a stranger nothing, so it is limited most.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from ipaddress import ip_address, ip_network
from typing import Protocol

# Descriptors that stay for database, broker, files and the relays' control connections.
RESERVED_DESCRIPTORS = 256


class Phase(Enum):
    WAITING = auto()
    RECEIVING = auto()
    ANSWERING = auto()
    SOCKET = auto()


class Fault(Enum):
    """Why a connection is ended; the words are for the log."""

    CROWDED = "crowded out"
    FULL = "refused, as there are too many"
    LATE_HEAD = "without a request in time"
    LATE_BODY = "sending too slowly"
    NOT_READING = "not reading"
    NOT_CLOSING = "not closing"


# These are told so and closed in order; the others end at once.
ANSWERED = {Fault.LATE_HEAD, Fault.LATE_BODY}


@dataclass(frozen=True)
class Limits:
    """Times in seconds, paces in bytes per second, the rest in connections.

    An office with a few hundred guests behind one address is a normal visitor; what nobody needs
    is hundreds of connections that say nothing.
    """

    head_within_s: float = 10.0
    body_within_s: float = 20.0  # and as long again as the body takes at the slowest pace
    slowest_body_bytes_per_s: float = 500.0
    reads_within_s: float = 30.0
    closes_within_s: float = 10.0
    waiting_per_address: int = 256
    waiting: int = 1_024
    per_address: int = 2_000
    total: int = 8_000

    @classmethod
    def fit(cls, descriptors: int) -> "Limits":
        """The limits for a process that may open so many files; one address never gets them all."""
        total = max(16, min(cls.total, descriptors - RESERVED_DESCRIPTORS))
        waiting = min(cls.waiting, total // 2)
        return cls(
            waiting_per_address=min(cls.waiting_per_address, waiting // 2),
            waiting=waiting,
            per_address=min(cls.per_address, total // 2),
            total=total,
        )


class Connection(Protocol):
    """What the rules ask of a connection, and the way to end it."""

    def is_closing(self) -> bool: ...

    def is_unread(self) -> bool:
        """The peer does not read what we write."""

    def is_held(self) -> bool:
        """We do not read what the peer writes."""

    def end(self, fault: Fault) -> None: ...


@dataclass(eq=False)
class Visit:
    """One connection and what it is at. `since` (seconds) is when its phase began."""

    group: str
    connection: Connection
    since: float
    phase: Phase = Phase.WAITING
    received_bytes: int = 0
    unread_since: float | None = None
    closing_since: float | None = None


def group_of(address: str) -> str:
    """Whom an address belongs to: with IPv6, everybody has a /64 of them."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped or ip_network((parsed, 64), strict=False))


@dataclass
class Doorkeeper:
    """All connections of the process."""

    limits: Limits = field(default_factory=Limits)
    ended: Counter[Fault] = field(default_factory=Counter)
    _visits: dict[Visit, None] = field(default_factory=dict)
    _groups: Counter[str] = field(default_factory=Counter)
    _waiting: dict[str, dict[Visit, None]] = field(default_factory=dict)  # the oldest first

    @property
    def visits(self) -> int:
        return len(self._visits)

    def enter(self, visit: Visit) -> bool:
        """Whether the connection is kept. The empty group speaks for many, as a proxy does."""
        is_crowd = bool(visit.group) and self._groups[visit.group] >= self.limits.per_address
        if is_crowd or len(self._visits) >= self.limits.total:
            self.ended[Fault.FULL] += 1
            return False
        self._visits[visit] = None
        self._groups[visit.group] += 1
        self._wait(visit)
        return True

    def leave(self, visit: Visit) -> None:
        """The connection is over; twice is harmless."""
        self._stop_waiting(visit)
        if visit in self._visits:
            del self._visits[visit]
            self._groups[visit.group] -= 1
            if not self._groups[visit.group]:
                del self._groups[visit.group]  # `-= Counter(...)` would walk over all groups

    def turn(self, visit: Visit, phase: Phase, now: float) -> None:
        """The connection is at something else from now on, or still at the same."""
        if visit.phase is phase or visit not in self._visits:
            return
        visit.phase, visit.since, visit.received_bytes = phase, now, 0
        self._stop_waiting(visit)
        if phase is Phase.WAITING:
            self._wait(visit)

    def sweep(self, now: float) -> None:
        """Ends what has outlived its time; wants to be called about once a second."""
        for visit in list(self._visits):
            _observe(visit, now)
            fault = find_fault(visit, self.limits, now)
            if fault is not None:
                self._end(visit, fault)

    def _end(self, visit: Visit, fault: Fault) -> None:
        self.ended[fault] += 1
        visit.connection.end(fault)
        if fault not in ANSWERED:
            self.leave(visit)  # now: the loop says so only in a later turn

    def _wait(self, visit: Visit) -> None:
        """One more waits; of too many, the longest waiting of the largest group makes room."""
        own = self._waiting.setdefault(visit.group, {})
        own[visit] = None
        if visit.group and len(own) > self.limits.waiting_per_address:
            self._end(next(iter(own)), Fault.CROWDED)
        elif sum(map(len, self._waiting.values())) > self.limits.waiting:
            largest = max(self._waiting, key=lambda group: len(self._waiting[group]))
            self._end(next(iter(self._waiting[largest])), Fault.CROWDED)

    def _stop_waiting(self, visit: Visit) -> None:
        own = self._waiting.get(visit.group, {})
        own.pop(visit, None)
        if not own:
            self._waiting.pop(visit.group, None)


def _observe(visit: Visit, now: float) -> None:
    """Notes since when the peer has not read and the connection has been closing."""
    connection = visit.connection
    visit.unread_since = (visit.unread_since or now) if connection.is_unread() else None
    visit.closing_since = (visit.closing_since or now) if connection.is_closing() else None
    if visit.phase is Phase.RECEIVING and connection.is_held():
        visit.since, visit.received_bytes = now, 0  # the time is ours, not the peer's


def find_fault(visit: Visit, limits: Limits, now: float) -> Fault | None:
    """What speaks against keeping the connection, if anything does."""
    if visit.closing_since is not None:
        has_time = now - visit.closing_since <= limits.closes_within_s
        return None if has_time else Fault.NOT_CLOSING
    if visit.unread_since is not None and now - visit.unread_since > limits.reads_within_s:
        return Fault.NOT_READING
    taken_s = now - visit.since
    if visit.phase is Phase.WAITING and taken_s > limits.head_within_s:
        return Fault.LATE_HEAD
    allowed_s = limits.body_within_s + visit.received_bytes / limits.slowest_body_bytes_per_s
    if visit.phase is Phase.RECEIVING and taken_s > allowed_s:
        return Fault.LATE_BODY
    return None
