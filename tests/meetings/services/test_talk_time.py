"""Talk times from reports: repeated, out of order, of several tallies, of a rehearsal, and late."""

import pytest

from crm.models import Activity
from meetings.models import Meeting, Seat, TalkTime
from meetings.selectors.attendance import attendance_rows, talk_shares
from meetings.services import access, closing, talk_time
from tests.factories.crm import make_contact
from tests.factories.meetings import make_guest, make_meeting, make_past_meeting, make_presence

pytestmark = pytest.mark.django_db


def report(seat: Seat, talked_s: float, tally: str = "first") -> None:
    talk_time.store(
        room=str(seat.meeting.public_id), tally=tally, seconds={str(seat.public_id): talked_s}
    )


def counted(seat: Seat) -> float:
    return TalkTime.objects.seconds_by_seat().get(seat.pk, 0.0)


def activities(seat: Seat) -> set[tuple[str, int | None]]:
    assert seat.registration is not None
    rows = Activity.objects.filter(contact_point=seat.registration.contact_point)
    return {(row.kind, None if row.quantity is None else int(row.quantity)) for row in rows}


def test_report_that_comes_again_or_late_changes_nothing() -> None:
    seat = make_guest(make_meeting(state="live"))

    for talked_s in (4.5, 12.0, 12.0, 9.5):
        report(seat, talked_s)

    row = TalkTime.objects.get()
    assert (row.seat, row.tally, row.talked_s, row.rehearsed_s) == (seat, "first", 12.0, 0.0)


def test_relay_that_counts_from_zero_again_adds_to_what_was_said() -> None:
    seat = make_guest(make_meeting(state="live"))

    report(seat, 40.0, "first")
    report(seat, 3.0, "second")
    report(seat, 40.0, "first")
    report(seat, 8.0, "second")

    assert counted(seat) == 48.0


def test_talk_of_a_rehearsal_does_not_count() -> None:
    meeting = make_meeting(state="planned")
    seat = make_guest(meeting)
    report(seat, 30.0)
    Meeting.objects.filter(pk=meeting.pk).update(state="live")
    assert counted(seat) == 0.0

    report(seat, 42.5)

    assert counted(seat) == 12.5


def test_report_leaves_out_whom_it_does_not_know() -> None:
    meeting = make_meeting(state="live")
    seat, stranger = make_guest(meeting), make_guest(make_meeting(state="live"))
    seconds = {str(stranger.public_id): 9.0, str(seat.public_id): 3.0}

    talk_time.store(room=str(meeting.public_id), tally="first", seconds=seconds)
    talk_time.store(room="7b0c1a52-3f0e-4c6d-9a51-0d8f6f0a1b02", tally="first", seconds=seconds)

    assert TalkTime.objects.seconds_by_seat() == {seat.pk: 3.0}


def test_close_writes_talk_to_seat_timeline_and_points() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    make_presence(seat, minutes=30)
    report(seat, 170.0, "first")
    report(seat, 65.4, "second")

    closing.close_meeting(meeting=meeting)

    seat.refresh_from_db()
    assert (seat.talked_s, seat.talk_length) == (235, "3:55")
    assert activities(seat) == {("attended", 30), ("talked", 4), ("engaged", 50)}
    assert {"code": "talk", "quantity": 4, "points": 20, "most": 30} in seat.engagement_parts
    assert [row.talk_length for row in attendance_rows(meeting=meeting)] == ["3:55"]


def test_close_counts_nobody_as_talking_longer_than_they_were_there() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    make_presence(seat, minutes=2)
    report(seat, 150.0)

    closing.close_meeting(meeting=meeting)

    seat.refresh_from_db()
    assert (seat.attended_s, seat.talked_s) == (120, 120)


def test_greeting_of_a_few_seconds_is_no_activity() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    make_presence(seat, minutes=30)
    report(seat, 29.0)

    closing.close_meeting(meeting=meeting)

    seat.refresh_from_db()
    assert (seat.talked_s, seat.engagement_points) == (29, 30)
    assert {kind for kind, _quantity in activities(seat)} == {"attended", "engaged"}


def test_last_words_reported_after_closing_are_evaluated_again() -> None:
    meeting = make_past_meeting()
    seat, other = make_guest(meeting), make_guest(meeting)
    for present in (seat, other):
        make_presence(present, minutes=30)
    report(seat, 60.0)
    closing.close_meeting(meeting=meeting)
    closed_at = meeting.closed_at

    report(seat, 119.0)
    report(seat, 119.0)

    meeting.refresh_from_db()
    assert meeting.closed_at == closed_at
    assert activities(seat) == {("attended", 30), ("talked", 2), ("engaged", 40)}
    assert activities(other) == {("attended", 30), ("engaged", 30)}


def test_shares_put_hosts_and_colleagues_on_our_side() -> None:
    meeting = make_past_meeting()
    colleague = make_contact(email="tom@our-own.example")
    colleague.is_internal = True
    colleague.save()
    guest = make_guest(meeting)
    ours = make_guest(meeting, contact_point=colleague.points.get())
    host = access.ensure_host_seat(meeting=meeting, user=meeting.host)
    assert talk_shares(meeting=meeting) is None

    for seat, talked_s in ((guest, 61.0), (ours, 20.0), (host, 100.0)):
        report(seat, talked_s)

    shares = talk_shares(meeting=meeting)
    assert shares is not None
    assert (shares.guests, shares.ours) == ("1:01", "2:00")
