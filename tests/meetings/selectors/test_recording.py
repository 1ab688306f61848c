"""The plan of a recording: who is in it, read for all rooms at once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from meetings.models import Meeting, Recording, Seat
from meetings.selectors.recording import RecordingPlan, plans
from tests.factories.meetings import make_guest, make_meeting, record_consent

pytestmark = pytest.mark.django_db


def make_recorded(people: int) -> tuple[Meeting, list[Seat]]:
    """A meeting that is being recorded, with people who agreed at the registration."""
    meeting = make_meeting(kind="partner", state="live", recording_policy="optional")
    Recording.objects.create(
        meeting=meeting,
        starts_at=timezone.now(),
        delete_on=timezone.now().date(),
        changed_sequence=1,
    )
    return meeting, [make_agreeing(meeting) for _ in range(people)]


def make_agreeing(meeting: Meeting) -> Seat:
    seat = make_guest(meeting, requested_consents={"recording": "recording-1"})
    record_consent(seat, "granted")
    return seat


def names(plan: RecordingPlan) -> set[str]:
    return set(plan.tracks)


def test_plans_of_many_rooms_and_people_take_as_many_queries_as_that_of_two_people() -> None:
    small, two = make_recorded(2)
    with CaptureQueriesContext(connection) as few:
        alone = plans([str(small.public_id)])
    large, six = make_recorded(6)

    with CaptureQueriesContext(connection) as many:
        both = plans([str(small.public_id), str(large.public_id)])

    assert [len(few), len(many)] == [3, 3]
    assert names(alone[str(small.public_id)]) == {str(seat.public_id) for seat in two}
    assert {room: names(plan) for room, plan in both.items()} == {
        str(small.public_id): {str(seat.public_id) for seat in two},
        str(large.public_id): {str(seat.public_id) for seat in six},
    }


def test_each_person_counts_with_their_own_last_word() -> None:
    meeting, seats = make_recorded(5)
    agreeing, withdrawn, answered_no, waiting, listening = seats
    record_consent(withdrawn, "withdrawn")
    Seat.objects.filter(pk=answered_no.pk).update(recording_answer=False)
    Seat.objects.filter(pk=waiting.pk).update(state="waiting")
    Seat.objects.filter(pk=listening.pk).update(role="attendee")
    never_asked = make_guest(meeting)
    answered_yes = make_guest(meeting)
    Seat.objects.filter(pk=answered_yes.pk).update(recording_answer=True)

    plan = plans([str(meeting.public_id)])[str(meeting.public_id)]

    assert names(plan) == {str(agreeing.public_id), str(answered_yes.public_id)}
    assert str(never_asked.public_id) not in plan.tracks


def test_room_where_nobody_agreed_is_recorded_of_nobody() -> None:
    meeting, _nobody = make_recorded(0)

    assert names(plans([str(meeting.public_id)])[str(meeting.public_id)]) == set()
