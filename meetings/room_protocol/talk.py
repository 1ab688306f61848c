"""How long each seat has talked."""

import dataclasses
from typing import ClassVar

from meetings.room_protocol.vocabulary import SeatId, Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeatTalk:
    """Whole seconds since the meeting went live, over all stays of the seat."""

    seat: SeatId
    talked_s: Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class TalkTimes:
    """To hosts and co-hosts only: everybody who has talked, also those who went."""

    type: ClassVar[str] = "talk_times"
    seats: tuple[SeatTalk, ...]
