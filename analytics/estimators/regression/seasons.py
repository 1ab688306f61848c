"""Trend and season as columns of the design, so that spend is not credited with the calendar.

A series that grows or has a season of its own seems to follow any spend that does the same. The
trend is a straight line; the season is a Fourier series of the year (of the week for days): with
all its harmonics it equals one column for each month or quarter.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytics.estimators.cells import Floats
from analytics.estimators.periods import Step

Control = Literal["none", "trend", "part", "full"]

TREND, SEASON = "trend", "season"
LEAST_LEFT = 8  # rows beyond the estimates; below, the carry-over between rows cannot be judged
WHOLE_CYCLES = 2  # before this many, a season cannot be told from what happened once
YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Cycle:
    """A season that repeats after `length` periods; `harmonics` describe it completely.

    Harmonics beyond six (weeks, days of a year) are left out: nearly all of a year's course is in
    the first ones, and a column for every week of two years would leave nothing to learn from.
    """

    length: float
    harmonics: int


CYCLES: dict[Step, tuple[Cycle, ...]] = {
    "day": (Cycle(7, 3), Cycle(YEAR_DAYS, 6)),
    "week": (Cycle(YEAR_DAYS / 7, 6),),
    "month": (Cycle(12, 6),),
    "quarter": (Cycle(4, 2),),
    "year": (),
    "number": (),
}


@dataclass(frozen=True)
class TimeColumns:
    """What the calendar adds to the design, one row for each row of the table.

    `after` holds the same columns one period after the last. `control` says how much of the
    calendar they cover; `full` also where the periods (years) can have no season.
    """

    columns: Floats
    after: Floats
    names: tuple[str, ...]
    control: Control

    @property
    def width(self) -> int:
        return len(self.names)


def build_time_columns(positions: Floats, step: Step, *, others: int) -> TimeColumns:
    """Trend and as much of the season as `others` estimates and LEAST_LEFT rows leave room for."""
    n = len(positions)
    room = n - others - LEAST_LEFT
    points = np.append(positions, positions.max() + 1)
    parts: list[Floats] = []
    if room > 0:
        parts.append((points - positions.mean())[:, None])
    is_whole, left = True, room - 1
    for cycle in CYCLES[step]:
        harmonics = _count_harmonics(cycle, n, left)
        waves = _build_waves(points, cycle, harmonics)
        is_whole &= harmonics == cycle.harmonics
        left -= waves.shape[1]
        parts.append(waves)
    columns = np.hstack(parts) if parts else np.empty((n + 1, 0))
    width = columns.shape[1]
    names = (TREND, *[SEASON] * (width - 1))[:width]
    return TimeColumns(columns[:-1], columns[-1], names, _judge(width, step, is_whole=is_whole))


def no_time_columns(n: int) -> TimeColumns:
    return TimeColumns(np.empty((n, 0)), np.empty(0), (), "none")


def _count_harmonics(cycle: Cycle, n: int, left: int) -> int:
    """One from a whole cycle on, all from two on, as far as rows are left."""
    if n < cycle.length:
        return 0
    most = cycle.harmonics if n >= WHOLE_CYCLES * cycle.length else 1
    return next((h for h in range(most, 0, -1) if _width(cycle, h) <= left), 0)


def _width(cycle: Cycle, harmonics: int) -> int:
    """Sine and cosine each; at two periods the sine is zero throughout."""
    return 2 * harmonics - (2 * harmonics == cycle.length)


def _build_waves(points: Floats, cycle: Cycle, harmonics: int) -> Floats:
    turns = 2 * np.pi * np.outer(points, np.arange(1, harmonics + 1)) / cycle.length
    waves = np.hstack([np.cos(turns), np.sin(turns)])
    return waves[:, : _width(cycle, harmonics)]


def _judge(width: int, step: Step, *, is_whole: bool) -> Control:
    if width == 0:
        return "none"
    if step == "number" or (width == 1 and not is_whole):
        return "trend"
    return "full" if is_whole else "part"
