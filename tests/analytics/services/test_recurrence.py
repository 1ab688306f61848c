"""Due moments across clock changes, checked against instants worked out by hand."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from analytics.services.recurrence import Recurrence, next_occurrence


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def at_0230(frequency: str = "daily", zone: str = "Europe/Berlin", **more: int) -> Recurrence:
    return Recurrence(
        frequency=frequency,  # type: ignore[arg-type]
        local_time=dt.time(2, 30),
        time_zone=zone,
        **more,
    )


def occurrences(rule: Recurrence, after: dt.datetime, count: int) -> list[dt.datetime]:
    found = []
    for _ in range(count):
        after = next_occurrence(rule, after).at
        found.append(after)
    return found


def test_daily_time_skipped_in_spring_moves_to_the_end_of_the_gap():
    rule = at_0230()

    found = occurrences(rule, utc("2026-03-28T00:00"), 3)

    assert found == [
        utc("2026-03-28T01:30"),
        utc("2026-03-29T01:00"),  # 02:30 does not exist; 03:00 CEST is the next valid time
        utc("2026-03-30T00:30"),
    ]


def test_daily_time_repeated_in_autumn_comes_once():
    rule = at_0230()

    found = occurrences(rule, utc("2026-10-24T00:00"), 3)

    assert found == [
        utc("2026-10-24T00:30"),
        utc("2026-10-25T00:30"),  # the first of the two 02:30
        utc("2026-10-26T01:30"),
    ]


def test_between_the_two_equal_times_the_next_is_tomorrow():
    rule = at_0230()

    occurrence = next_occurrence(rule, utc("2026-10-25T01:00"))  # 02:00 CET, before the second

    assert occurrence.at == utc("2026-10-26T01:30")
    assert occurrence.local_day == dt.date(2026, 10, 26)


def test_shanghai_keeps_its_offset_all_year():
    rule = Recurrence("weekly", dt.time(8, 0), "Asia/Shanghai", weekday=0)

    found = occurrences(rule, utc("2026-03-20T00:00"), 3)

    assert found == [utc("2026-03-23T00:00"), utc("2026-03-30T00:00"), utc("2026-04-06T00:00")]


def test_local_day_names_the_period_not_the_utc_day():
    rule = Recurrence("daily", dt.time(1, 0), "Asia/Shanghai")

    occurrence = next_occurrence(rule, utc("2026-11-22T12:00"))

    assert occurrence.at == utc("2026-11-22T17:00")
    assert occurrence.local_day == dt.date(2026, 11, 23)


def test_monthly_day_31_falls_on_the_last_day():
    rule = at_0230("monthly", "UTC", month_day=31)

    found = occurrences(rule, utc("2026-01-31T02:30"), 3)

    assert found == [utc("2026-02-28T02:30"), utc("2026-03-31T02:30"), utc("2026-04-30T02:30")]


def test_next_occurrence_is_strictly_later():
    rule = at_0230("daily", "UTC")

    assert next_occurrence(rule, utc("2026-05-01T02:30")).at == utc("2026-05-02T02:30")
    assert next_occurrence(rule, utc("2026-05-01T02:29")).at == utc("2026-05-01T02:30")


def test_day_that_a_zone_left_out_has_its_report_at_the_first_instant_after():
    # Samoa went over the date line: 30 December 2011 does not exist there.
    rule = Recurrence("daily", dt.time(8, 0), "Pacific/Apia")

    found = occurrences(rule, utc("2011-12-29T00:00"), 3)

    assert found == [utc("2011-12-29T18:00"), utc("2011-12-30T10:00"), utc("2011-12-30T18:00")]


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]
)
@pytest.mark.parametrize("time", [dt.time(0, 0), dt.time(2, 0), dt.time(2, 30), dt.time(23, 59)])
def test_every_local_day_of_a_year_has_exactly_one_occurrence(zone: str, time: dt.time):
    rule = Recurrence("daily", time, zone)
    at = dt.datetime(2026, 1, 1, 23, 59, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)

    days = []
    while len(days) < 366:
        occurrence = next_occurrence(rule, at)
        assert occurrence.at > at
        at = occurrence.at
        days.append(occurrence.local_day)

    assert days == [dt.date(2026, 1, 2) + dt.timedelta(days=n) for n in range(366)]
