"""When a scheduled report is due next: local wall-clock times, turned into UTC safely.

Pure: no database, no clock of its own.
"""

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

Frequency = Literal["daily", "weekly", "monthly"]


@dataclass(frozen=True)
class Recurrence:
    """A wall-clock time on certain local days. `weekday` counts from Monday = 0."""

    frequency: Frequency
    local_time: dt.time
    time_zone: str
    weekday: int = 0
    month_day: int = 1

    def matches(self, day: dt.date) -> bool:
        """Is this local day one on which the report is due?"""
        if self.frequency == "daily":
            return True
        if self.frequency == "weekly":
            return day.weekday() == self.weekday
        last = calendar.monthrange(day.year, day.month)[1]
        return day.day == min(self.month_day, last)


@dataclass(frozen=True)
class Occurrence:
    """One due moment: the instant, and the local day that names its period."""

    at: dt.datetime
    local_day: dt.date


def next_occurrence(rule: Recurrence, after: dt.datetime) -> Occurrence:
    """The first occurrence strictly later than `after`.

    A local day has exactly one occurrence, whatever the clocks do: a time that the spring change
    skips moves to the first instant after the gap, a time that the autumn change repeats counts
    the first time only.
    """
    zone = ZoneInfo(rule.time_zone)
    day = after.astimezone(zone).date() - dt.timedelta(days=1)
    while True:
        if rule.matches(day):
            at = instant_of(day, rule.local_time, zone)
            if at > after:
                return Occurrence(at=at, local_day=day)
        day += dt.timedelta(days=1)


def instant_of(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """The UTC instant of a wall-clock time; the first valid one where the clocks skip it."""
    wall = dt.datetime.combine(day, time.replace(tzinfo=None, fold=0))
    instant = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The instant at which the clocks jumped over `wall`, to the second.

    With fold=1 a skipped time is read with the offset after the jump, which gives an instant
    before it; with fold=0 one at or after it. The change lies between the two.
    """
    early = wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    late = wall.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
    offset_before = early.astimezone(zone).utcoffset()
    while late - early > dt.timedelta(seconds=1):
        middle = early + dt.timedelta(seconds=(late - early).total_seconds() // 2)
        if middle.astimezone(zone).utcoffset() == offset_before:
            early = middle
        else:
            late = middle
    return late
