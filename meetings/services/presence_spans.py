"""Arithmetic on attendance spans: merging and clipping. No database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of time, `start` <= `end`, both aware."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def merge(spans: Iterable[Span]) -> list[Span]:
    """Spans in order of time without overlaps; touching ones become one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def clip(spans: Iterable[Span], window: Span) -> list[Span]:
    """The parts of the spans that lie within `window`; what lies outside is left out."""
    clipped = (
        Span(max(span.start, window.start), min(span.end, window.end))
        for span in spans
        if span.start < window.end and span.end > window.start
    )
    return list(clipped)


def attended_seconds(spans: Iterable[Span], window: Span) -> int:
    """Whole seconds spent within `window`, counted once however many devices were used."""
    return int(sum(span.seconds for span in merge(clip(spans, window))))
