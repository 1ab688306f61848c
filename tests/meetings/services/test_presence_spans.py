"""Merging and clipping of attendance spans."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from meetings.services.presence_spans import Span, attended_seconds, clip, merge

START = datetime(2026, 10, 25, 0, tzinfo=UTC)


def _span(start: int, end: int) -> Span:
    return Span(START + timedelta(seconds=start), START + timedelta(seconds=end))


def test_merge_joins_overlapping_and_touching_spans() -> None:
    spans = [_span(50, 60), _span(0, 10), _span(10, 20), _span(15, 30), _span(16, 17)]

    assert merge(spans) == [_span(0, 30), _span(50, 60)]


def test_clip_keeps_what_lies_inside() -> None:
    spans = [_span(-10, 5), _span(8, 9), _span(95, 120), _span(100, 110), _span(-5, 0)]

    assert clip(spans, _span(0, 100)) == [_span(0, 5), _span(8, 9), _span(95, 100)]


@given(st.lists(st.tuples(st.integers(-50, 150), st.integers(0, 80)), max_size=12))
def test_attended_seconds_equals_counting_each_second(pairs: list[tuple[int, int]]) -> None:
    spans = [_span(start, start + length) for start, length in pairs]

    counted = {
        second
        for start, length in pairs
        for second in range(start, start + length)
        if 0 <= second < 100
    }

    assert attended_seconds(spans, _span(0, 100)) == len(counted)
