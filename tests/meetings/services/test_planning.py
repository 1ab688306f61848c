"""Planning across clock changes, moving and cancelling with the mails and calendar versions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from crm.models import Delivery, User
from meetings.models import Meeting
from meetings.services import planning
from meetings.services.local_time import point_in_time
from meetings.services.planning import AgendaPoint
from meetings.services.refusals import (
    AmbiguousTime,
    BadTimes,
    BadWeights,
    NoLongerPlanned,
    NonexistentTime,
    NotAllowed,
    UnknownZone,
)
from tests.factories.meetings import make_meeting, make_registration

pytestmark = pytest.mark.django_db


def _new(host: User, **fields: Any) -> Meeting:
    start = timezone.now() + timedelta(days=3)
    values = {
        "kind": "partner",
        "title": "Round",
        "host": host,
        "starts_at": start,
        "ends_at": start + timedelta(hours=1),
        "time_zone": "Europe/Berlin",
    } | fields
    return planning.new_meeting(**values)


@pytest.mark.parametrize(
    ("wall_time", "zone", "expected"),
    [
        (
            datetime.fromisoformat("2026-03-28T10:00"),
            "Europe/Berlin",
            datetime(2026, 3, 28, 9, tzinfo=UTC),
        ),
        (
            datetime.fromisoformat("2026-03-30T10:00"),
            "Europe/Berlin",
            datetime(2026, 3, 30, 8, tzinfo=UTC),
        ),
        (
            datetime.fromisoformat("2026-10-25T01:59"),
            "Europe/Berlin",
            datetime(2026, 10, 24, 23, 59, tzinfo=UTC),
        ),
        (
            datetime.fromisoformat("2026-10-25T03:00"),
            "Europe/Berlin",
            datetime(2026, 10, 25, 2, tzinfo=UTC),
        ),
        # China has had no clock changes since 1991: never a refusal.
        (
            datetime.fromisoformat("2026-03-29T02:30"),
            "Asia/Shanghai",
            datetime(2026, 3, 28, 18, 30, tzinfo=UTC),
        ),
        (
            datetime.fromisoformat("2026-10-25T02:30"),
            "Asia/Shanghai",
            datetime(2026, 10, 24, 18, 30, tzinfo=UTC),
        ),
    ],
)
def test_point_in_time_near_a_clock_change_is_what_the_clocks_show(
    wall_time: datetime, zone: str, expected: datetime
) -> None:
    assert point_in_time(wall_time=wall_time, zone_name=zone) == expected


def test_point_in_time_in_the_gap_of_spring_is_refused_by_name() -> None:
    with pytest.raises(NonexistentTime) as refused:
        point_in_time(
            wall_time=datetime.fromisoformat("2026-03-29T02:30"), zone_name="Europe/Berlin"
        )

    assert refused.value.code == "nonexistent_time"
    assert "Europe/Berlin" in str(refused.value)


def test_point_in_time_in_the_hour_that_comes_twice_is_refused_by_name() -> None:
    with pytest.raises(AmbiguousTime) as refused:
        point_in_time(
            wall_time=datetime.fromisoformat("2026-10-25T02:30"), zone_name="Europe/Berlin"
        )

    assert refused.value.code == "ambiguous_time"


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../../etc/passwd"])
def test_point_in_time_in_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(UnknownZone):
        point_in_time(wall_time=datetime.fromisoformat("2026-05-01T10:00"), zone_name=zone)


def test_plan_takes_agenda_and_defaults_from_the_kind(owner: User) -> None:
    meeting = planning.plan(planned_by=owner, meeting=_new(owner))

    assert [item.title for item in meeting.agenda.all()] == [
        "Update",
        "Progress",
        "Market",
        "Proposal",
    ]
    assert (meeting.has_lobby, meeting.visibility, meeting.capacity) == (True, "invitation", 12)
    assert meeting.team == owner.team
    assert [(seat.user, seat.role) for seat in meeting.seats.all()] == [(owner, "host")]


def test_plan_of_a_chinese_meeting_writes_the_agenda_in_chinese(owner: User) -> None:
    with translation.override("en"):
        meeting = planning.plan(planned_by=owner, meeting=_new(owner, language="zh-hans"))

    assert [item.title for item in meeting.agenda.all()] == ["近况", "进展", "市场", "提案"]


def test_plan_with_own_agenda_keeps_its_order(owner: User) -> None:
    points = [AgendaPoint("Second thoughts", 10), AgendaPoint("First steps", 20, "Ann")]

    meeting = planning.plan(planned_by=owner, meeting=_new(owner), agenda=points)

    stored = [(row.title, row.duration_min, row.speaker) for row in meeting.agenda.all()]
    assert stored == [("Second thoughts", 10, ""), ("First steps", 20, "Ann")]


def test_plan_by_an_auditor_is_refused_and_writes_nothing(owner: User, auditor: User) -> None:
    with pytest.raises(NotAllowed):
        planning.plan(planned_by=auditor, meeting=_new(owner))

    assert Meeting.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, BadTimes),
        (
            {"weights": {"attendance": "0.5", "interaction": "0.3", "satisfaction": "0.3"}},
            BadWeights,
        ),
        ({"weights": {"attendance": "1"}}, BadWeights),
        ({"time_zone": "Mars/Base"}, UnknownZone),
    ],
)
def test_plan_with_bad_values_is_refused(
    owner: User, fields: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        planning.plan(planned_by=owner, meeting=_new(owner, **fields))

    assert Meeting.objects.count() == 0


def test_reschedule_raises_sequence_and_writes_to_each_who_stands(owner: User) -> None:
    meeting = make_meeting(owner)
    staying = make_registration(meeting, language="zh-hans", time_zone="Asia/Shanghai")
    make_registration(meeting, state="cancelled", cancelled_at=timezone.now())
    start = meeting.starts_at + timedelta(days=1)

    planning.reschedule(
        meeting=meeting,
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        time_zone="Asia/Shanghai",
        changed_by=owner,
    )

    assert (meeting.sequence, meeting.starts_at, meeting.time_zone) == (1, start, "Asia/Shanghai")
    mails = Delivery.objects.values_list("address", "composer", "language", "time_zone")
    assert list(mails) == [
        (staying.contact_point.value, "meeting_change", "zh-hans", "Asia/Shanghai")
    ]


def test_reschedule_to_the_same_time_tells_nobody(owner: User) -> None:
    meeting = make_meeting(owner)
    make_registration(meeting)

    planning.reschedule(
        meeting=meeting,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        time_zone=meeting.time_zone,
        changed_by=owner,
    )

    assert (meeting.sequence, Delivery.objects.count()) == (0, 0)


def test_reschedule_twice_writes_one_mail_for_each_time(owner: User) -> None:
    meeting = make_meeting(owner)
    make_registration(meeting)

    for days in (1, 2):
        start = meeting.starts_at + timedelta(days=days)
        planning.reschedule(
            meeting=meeting,
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            time_zone=meeting.time_zone,
            changed_by=owner,
        )

    assert (meeting.sequence, Delivery.objects.count()) == (2, 2)


@pytest.mark.parametrize("state", ["live", "ended"])
def test_reschedule_of_a_meeting_that_began_is_refused(owner: User, state: str) -> None:
    meeting = make_meeting(owner, state=state)
    start = meeting.starts_at + timedelta(days=1)

    with pytest.raises(NoLongerPlanned):
        planning.reschedule(
            meeting=meeting,
            starts_at=start,
            ends_at=start + timedelta(hours=1),
            time_zone="UTC",
            changed_by=owner,
        )


def test_reschedule_by_a_stranger_is_refused_and_changes_nothing(
    owner: User, stranger: User, teammate: User
) -> None:
    meeting = make_meeting(owner)
    start = meeting.starts_at

    for person in (stranger, teammate):
        with pytest.raises(NotAllowed):
            planning.reschedule(
                meeting=meeting,
                starts_at=start + timedelta(days=1),
                ends_at=start + timedelta(days=2),
                time_zone="UTC",
                changed_by=person,
            )

    meeting.refresh_from_db()
    assert (meeting.starts_at, meeting.sequence) == (start, 0)


def test_cancel_raises_sequence_and_writes_to_who_registered(owner: User) -> None:
    meeting = make_meeting(owner)
    registration = make_registration(meeting)

    planning.cancel(meeting=meeting, cancelled_by=owner, reason="The speaker is ill.")

    assert (meeting.state, meeting.sequence) == ("cancelled", 1)
    delivery = Delivery.objects.get()
    assert (delivery.composer, delivery.parameters) == (
        "meeting_cancellation",
        {"registration": str(registration.public_id), "reason": "The speaker is ill."},
    )


def test_cancel_twice_is_refused_and_writes_once(owner: User) -> None:
    meeting = make_meeting(owner)
    make_registration(meeting)
    planning.cancel(meeting=meeting, cancelled_by=owner)

    with pytest.raises(NoLongerPlanned):
        planning.cancel(meeting=meeting, cancelled_by=owner)

    assert Delivery.objects.count() == 1


def test_change_details_of_title_raises_sequence_but_keeps_times(owner: User) -> None:
    meeting = make_meeting(owner)
    start = meeting.starts_at
    meeting.title = "Another title"
    meeting.starts_at = start + timedelta(days=9)

    planning.change_details(meeting=meeting, changed_by=owner)

    meeting.refresh_from_db()
    assert (meeting.title, meeting.sequence, meeting.starts_at) == ("Another title", 1, start)


def test_change_details_of_weights_begins_a_new_version(owner: User) -> None:
    meeting = make_meeting(owner)
    meeting.weights = {"attendance": "0.5", "interaction": "0.3", "satisfaction": "0.2"}

    planning.change_details(meeting=meeting, changed_by=owner)

    meeting.refresh_from_db()
    assert (meeting.weights_version, meeting.sequence) == (2, 0)
