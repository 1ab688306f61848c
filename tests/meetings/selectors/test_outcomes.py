"""The figures analytics gets, against counts made by hand, and for whom."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from crm.models import User
from meetings.models import Meeting, Seat, TalkTime
from meetings.querysets import TALKED_FROM_S
from meetings.selectors.outcomes import meeting_outcome, newly_closed, outcomes_between
from meetings.services import closing
from meetings.services.engagement import whole_minutes
from tests.factories.crm import make_contact
from tests.factories.meetings import (
    make_chat_line,
    make_guest,
    make_past_meeting,
    make_presence,
    make_registration,
)

pytestmark = pytest.mark.django_db


def _closed_meeting(owner: User) -> Meeting:
    """Four registrations: 60 minutes with chat, 30 minutes silent, 4 minutes with chat, absent."""
    meeting = make_past_meeting(owner)
    long, short, glance = (make_guest(meeting) for _number in range(3))
    make_presence(long, minutes=60)
    make_presence(short, minutes=30)
    make_presence(glance, minutes=4)
    make_chat_line(long)
    make_chat_line(glance)
    make_chat_line(short, deleted_at=timezone.now())
    Seat.objects.filter(pk=long.pk).update(closing_rating=5)
    Seat.objects.filter(pk=short.pk).update(closing_rating=3)
    make_registration(meeting)
    make_registration(meeting, state="cancelled", cancelled_at=timezone.now())
    colleague = make_contact(email="colleague@vmcrm.example", is_internal=True)
    make_presence(make_guest(meeting, contact_point=colleague.points.get()), minutes=60)
    closing.close_meeting(meeting=meeting)
    return meeting


def test_meeting_outcome_follows_the_definitions(owner: User) -> None:
    meeting = _closed_meeting(owner)

    outcome = meeting_outcome(meeting.public_id)

    assert outcome is not None
    counts = (outcome.registered, outcome.attended, outcome.interacted, outcome.ratings)
    assert counts == (4, 2, 1, [3, 5])
    assert (outcome.length_min, outcome.participation) == (60, 0.75)
    assert (outcome.host_id, outcome.weights, outcome.weights_version) == (
        owner.pk,
        {"attendance": "0.4", "interaction": "0.3", "satisfaction": "0.3"},
        1,
    )


def test_who_talked_or_wrote_has_interacted_once(owner: User) -> None:
    """Half a minute of talk counts; a greeting, a rehearsal and a glance do not."""
    meeting = make_past_meeting(owner)
    talker, both, writer, greeter, rehearser, silent, glance = (
        make_guest(meeting) for _number in range(7)
    )
    for seat in (talker, both, writer, greeter, rehearser, silent):
        make_presence(seat, minutes=40)
    make_presence(glance, minutes=4)
    make_chat_line(both)
    make_chat_line(writer)
    for seat, talked_s, rehearsed_s in [
        (talker, 30.0, 0.0),
        (both, 300.0, 0.0),
        (greeter, 29.0, 0.0),
        (rehearser, 95.0, 90.0),
        (glance, 100.0, 0.0),
    ]:
        TalkTime.objects.create(seat=seat, tally="one", talked_s=talked_s, rehearsed_s=rehearsed_s)
    closing.close_meeting(meeting=meeting)

    outcome = meeting_outcome(meeting.public_id)

    assert outcome is not None
    assert (outcome.attended, outcome.interacted) == (6, 3)


def test_meeting_closed_before_talk_was_counted_has_writers_only(owner: User) -> None:
    meeting = _closed_meeting(owner)
    Seat.objects.filter(meeting=meeting).update(talked_s=None)

    outcome = meeting_outcome(meeting.public_id)

    assert outcome is not None
    assert outcome.interacted == 1


def test_talk_counts_from_the_length_that_the_timeline_shows() -> None:
    assert [whole_minutes(TALKED_FROM_S - 1), whole_minutes(TALKED_FROM_S)] == [0, 1]


def test_meeting_outcome_of_an_open_or_unknown_meeting_is_none(owner: User) -> None:
    assert meeting_outcome(make_past_meeting(owner).public_id) is None
    assert meeting_outcome(uuid4()) is None


def test_meeting_outcome_without_anybody_is_not_zero_participation(owner: User) -> None:
    meeting = make_past_meeting(owner)
    closing.close_meeting(meeting=meeting)

    outcome = meeting_outcome(meeting.public_id)

    assert outcome is not None
    assert (outcome.registered, outcome.attended, outcome.participation) == (0, 0, None)


def test_newly_closed_leaves_known_ones_out(owner: User) -> None:
    first, second = make_past_meeting(owner), make_past_meeting(owner)
    for meeting in (first, second):
        closing.close_meeting(meeting=meeting)

    assert [row.public_id for row in newly_closed()] == [first.public_id, second.public_id]
    rest = newly_closed(without_refs=[first.subject_ref])
    assert [row.public_id for row in rest] == [second.public_id]
    assert newly_closed(since=timezone.now()) == []


def test_outcomes_between_are_those_one_sees(
    owner: User, teammate: User, manager: User, stranger: User, auditor: User
) -> None:
    meeting = _closed_meeting(owner)
    start = timezone.now() - timedelta(days=1)

    seen = {
        person: [
            row.public_id for row in outcomes_between(user=person, start=start, end=timezone.now())
        ]
        for person in (owner, manager, auditor, teammate, stranger)
    }

    own = [meeting.public_id]
    assert seen == {owner: own, manager: own, auditor: own, teammate: [], stranger: []}


def test_outcomes_of_one_and_of_three_meetings_take_the_same_queries(
    owner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    closing.close_meeting(meeting=make_past_meeting(owner))
    with django_assert_num_queries(2):
        newly_closed()
    for _number in range(2):
        closing.close_meeting(meeting=make_past_meeting(owner))

    with django_assert_num_queries(2):
        assert len(newly_closed()) == 3
