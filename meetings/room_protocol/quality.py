"""How well each seat is connected."""

import dataclasses
from typing import ClassVar, Literal

from meetings.room_protocol.vocabulary import SeatId, Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class PathQuality:
    """One direction of a seat's media, over the last seconds; loss before repair."""

    bitrate_kbps: Sequence
    loss_percent: Sequence
    jitter_ms: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeatQuality:
    """Null where the relay does not know. `up` is what the seat sends, `down` what it gets."""

    seat: SeatId
    candidate: Literal["host", "tcp", "relay"] | None
    round_trip_ms: Sequence | None
    up: PathQuality | None
    down: PathQuality | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class RoomQuality:
    """To hosts and co-hosts only, every few seconds: how well each seat is connected."""

    type: ClassVar[str] = "room_quality"
    seats: tuple[SeatQuality, ...]
