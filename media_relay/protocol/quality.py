"""How well each participant is connected."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from media_relay.protocol.envelope import Event
from media_relay.protocol.vocabulary import Name

CandidateType = Literal["host", "tcp", "relay"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PathQuality:
    """One direction between a participant and the relay, over the last seconds."""

    bitrate_bps: int
    loss_percent: float  # of the network, before repair
    jitter_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ParticipantQuality:
    """Null where nothing is known: no connection, or no report yet."""

    participant: Name
    candidate: CandidateType | None
    round_trip_ms: float | None
    up: PathQuality | None
    down: PathQuality | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomQuality(Event):
    """Every few seconds: how well each participant with a connection is heard and hears."""

    TYPE: ClassVar[str] = "room_quality"
    room: Name
    participants: tuple[ParticipantQuality, ...]
