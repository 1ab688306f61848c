"""Engagement points of one seat: transparent parts, no database, no model.

Being there counts most, taking part adds to it; each part is capped so that no single habit wins.
Who speaks and who writes take part alike: both draw on the same thirty points, because in a launch
attendees can only write, and on a stage nobody does.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

PartCode = Literal["presence", "chat", "talk", "rating"]

PRESENCE_MOST = 60
CHAT_EACH = 5
TALK_EACH = 5
TAKING_PART_MOST = 30
RATING_GIVEN = 10


@dataclass(frozen=True)
class Part:
    """One reason for points: how much of what, and what it gave."""

    code: PartCode
    quantity: int
    points: int
    most: int

    def to_dict(self) -> dict[str, str | int]:
        return {
            "code": self.code,
            "quantity": self.quantity,
            "points": self.points,
            "most": self.most,
        }


@dataclass(frozen=True)
class Engagement:
    """The points of a seat with the parts they are made of."""

    parts: tuple[Part, ...]

    @property
    def points(self) -> int:
        return sum(part.points for part in self.parts)


def engagement_of(
    *, attended_s: int, length_s: int, talked_s: int, chat_lines: int, has_rated: bool
) -> Engagement:
    """Points for one seat.

    attended_s, length_s: seconds, >= 0; presence gives 60 x their ratio (at most 1), rounded half
    up, and the quantity is whole minutes. chat_lines: lines not deleted, 5 points each. talked_s:
    seconds, 5 points a minute. Writing and talking together give at most 30. has_rated: 10 points
    whatever the rating says, so that praise does not pay. Somebody who was never there gets
    nothing.
    """
    if attended_s <= 0 or length_s <= 0:
        return Engagement(parts=())
    share = min(Decimal(attended_s) / Decimal(length_s), Decimal(1))
    presence = int((share * PRESENCE_MOST).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    parts = [Part("presence", attended_s // 60, presence, PRESENCE_MOST)]
    written = 0
    if chat_lines:
        written = min(chat_lines * CHAT_EACH, TAKING_PART_MOST)
        parts.append(Part("chat", chat_lines, written, TAKING_PART_MOST))
    if minutes := whole_minutes(talked_s):
        spoken = min(minutes * TALK_EACH, TAKING_PART_MOST - written)
        parts.append(Part("talk", minutes, spoken, TAKING_PART_MOST))
    if has_rated:
        parts.append(Part("rating", 1, RATING_GIVEN, RATING_GIVEN))
    return Engagement(parts=tuple(parts))


def whole_minutes(talked_s: int) -> int:
    """Minutes of talk, rounded half up: none below TALKED_FROM_S of `querysets`."""
    return (talked_s + 30) // 60
