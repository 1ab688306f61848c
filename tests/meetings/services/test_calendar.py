"""Calendar files, read back by the library that reads them for everybody else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from crm.models import User
from meetings.models import Meeting
from meetings.services import planning, tokens
from meetings.services.calendar import Method, build_calendar
from tests.factories.meetings import make_meeting, make_registration

pytestmark = pytest.mark.django_db


def _meeting(owner: User, **fields: Any) -> Meeting:
    start = datetime(2027, 3, 29, 8, tzinfo=UTC)  # the day after Berlin's clocks went forward
    return make_meeting(owner, starts_at=start, ends_at=start + timedelta(hours=1), **fields)


def _read(meeting: Meeting, method: Method = "PUBLISH", **kwargs: Any) -> tuple[Any, Any]:
    calendar = Calendar.from_ical(build_calendar(meeting=meeting, method=method, **kwargs))
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_calendar_states_the_time_in_the_meetings_zone_with_its_rules(owner: User) -> None:
    calendar, event = _read(_meeting(owner, time_zone="Europe/Berlin"))

    start = event["DTSTART"]
    assert start.params["TZID"] == "Europe/Berlin"
    assert start.dt.replace(tzinfo=None) == datetime.fromisoformat("2027-03-29T10:00")
    assert start.dt.astimezone(UTC) == datetime(2027, 3, 29, 8, tzinfo=UTC)
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "Europe/Berlin"
    offsets = {
        part["TZOFFSETTO"].td for part in zone.walk() if part.name in {"DAYLIGHT", "STANDARD"}
    }
    assert offsets == {timedelta(hours=1), timedelta(hours=2)}


def test_calendar_in_a_zone_without_clock_changes_has_one_offset(owner: User) -> None:
    calendar, event = _read(_meeting(owner, time_zone="Asia/Shanghai"))

    (zone,) = calendar.walk("VTIMEZONE")
    offsets = [part["TZOFFSETTO"].td for part in zone.walk() if part.name == "STANDARD"]
    assert set(offsets) == {timedelta(hours=8)}
    assert event["DTSTART"].dt.replace(tzinfo=None) == datetime.fromisoformat("2027-03-29T16:00")


def test_calendar_keeps_its_uid_and_raises_sequence_through_change_and_cancellation(
    owner: User,
) -> None:
    meeting = _meeting(owner)
    seen = [_read(meeting, "REQUEST")[1]]
    start = meeting.starts_at + timedelta(days=7)
    planning.reschedule(
        meeting=meeting,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        time_zone="Asia/Shanghai",
        changed_by=owner,
    )
    seen.append(_read(meeting, "REQUEST")[1])
    planning.cancel(meeting=meeting, cancelled_by=owner)
    calendar, event = _read(meeting, "CANCEL")
    seen.append(event)

    assert {str(event["UID"]) for event in seen} == {f"{meeting.public_id}@vmcrm"}
    assert [int(event["SEQUENCE"]) for event in seen] == [0, 1, 2]
    assert [str(event["STATUS"]) for event in seen] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert str(calendar["METHOD"]) == "CANCEL"


def test_calendar_of_a_person_has_their_link_and_the_public_one_has_nobodys(owner: User) -> None:
    meeting = _meeting(owner)
    registration = make_registration(meeting, name="李娜, PhD; “Nana”")
    token = tokens.personal_token(registration)

    _own_calendar, own = _read(meeting, "REQUEST", registration=registration)
    _public_calendar, public = _read(meeting)

    assert f"/r/{token}/" in str(own["DESCRIPTION"])
    assert own["ATTENDEE"].params["CN"] == "李娜, PhD; “Nana”".replace('"', "")
    assert str(own["ATTENDEE"]) == f"MAILTO:{registration.contact_point.value}"
    assert "/r/" not in str(public["DESCRIPTION"])
    assert "ATTENDEE" not in public
    # Anybody may download it: it names the host but not where to write to them.
    assert public["ORGANIZER"].params["CN"] == owner.get_full_name()
    assert owner.email not in str(public.to_ical())


def test_calendar_reminds_a_quarter_of_an_hour_before_unless_cancelled(owner: User) -> None:
    meeting = _meeting(owner)

    alarms = {
        method: [alarm["TRIGGER"].dt for alarm in _read(meeting, method)[1].walk("VALARM")]
        for method in ("PUBLISH", "REQUEST", "CANCEL")
    }

    quarter = [timedelta(minutes=-15)]
    assert alarms == {"PUBLISH": quarter, "REQUEST": quarter, "CANCEL": []}


def test_calendar_survives_text_with_lines_commas_and_fake_properties(owner: User) -> None:
    title = "Sales; news, and more"
    description = "First line\nEND:VEVENT\nBEGIN:VALARM"

    _calendar, event = _read(_meeting(owner, title=title, description=description))

    assert str(event["SUMMARY"]) == title
    assert str(event["DESCRIPTION"]).startswith(description)
