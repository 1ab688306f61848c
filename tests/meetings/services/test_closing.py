"""What closing writes for whom, that doing it again changes nothing, and when the clock does it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Activity, User
from crm.selectors.timeline import timeline_of
from meetings.models import Meeting, Seat
from meetings.selectors.attendance import attendance_rows
from meetings.services import closing
from meetings.services.refusals import NotAllowed, NotYetOver
from tests.factories.crm import make_contact, make_point
from tests.factories.meetings import (
    make_chat_line,
    make_guest,
    make_meeting,
    make_past_meeting,
    make_presence,
    make_registration,
)

pytestmark = pytest.mark.django_db


def _facts(seat: Seat) -> set[tuple[str, int | None]]:
    """Kind and quantity of everything written about the guest."""
    assert seat.registration is not None
    rows = Activity.objects.filter(contact_point=seat.registration.contact_point)
    return {(row.kind, None if row.quantity is None else int(row.quantity)) for row in rows}


def test_close_of_a_guest_who_took_part_writes_minutes_lines_rating_and_points() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting, email="li.na@customers.example")
    make_presence(seat, minutes=30)
    make_chat_line(seat)
    make_chat_line(seat, deleted_at=timezone.now())
    Seat.objects.filter(pk=seat.pk).update(closing_rating=4)

    closing.close_meeting(meeting=meeting)

    assert _facts(seat) == {("attended", 30), ("chatted", 1), ("rated", 4), ("engaged", 45)}
    seat.refresh_from_db()
    assert (seat.attended_s, seat.engagement_points) == (1800, 45)
    assert seat.engagement_parts == [
        {"code": "presence", "quantity": 30, "points": 30, "most": 60},
        {"code": "chat", "quantity": 1, "points": 5, "most": 30},
        {"code": "rating", "quantity": 1, "points": 10, "most": 10},
    ]
    assert (meeting.state, meeting.closed_at is not None) == ("closed", True)


def test_close_twice_leaves_the_same_rows_and_times() -> None:
    meeting = make_past_meeting()
    contact = make_contact(email="li.na@customers.example")
    seat = make_guest(meeting, contact_point=contact.points.get())
    make_presence(seat)
    closing.close_meeting(meeting=meeting)
    before = list(Activity.objects.order_by("pk").values_list("pk", "kind", "quantity"))
    closed_at = meeting.closed_at
    contact.refresh_from_db()
    score = contact.engagement_score

    closing.close_meeting(meeting=meeting)

    after = list(Activity.objects.order_by("pk").values_list("pk", "kind", "quantity"))
    contact.refresh_from_db()
    assert (after, meeting.closed_at, contact.engagement_score) == (before, closed_at, score)
    assert score == 10


def test_close_counts_two_devices_once_and_no_rehearsal() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    live = meeting.went_live_at
    assert live is not None
    make_presence(seat, start=live, minutes=20)
    make_presence(seat, start=live + timedelta(minutes=10), minutes=20)
    make_presence(seat, start=live - timedelta(minutes=25), minutes=25, is_rehearsal=True)

    closing.close_meeting(meeting=meeting)

    seat.refresh_from_db()
    assert seat.attended_s == 30 * 60


def test_close_clips_what_lies_outside_the_live_time() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    live = meeting.went_live_at
    assert live is not None
    make_presence(seat, start=live - timedelta(minutes=10), minutes=200)

    closing.close_meeting(meeting=meeting)

    seat.refresh_from_db()
    assert seat.attended_s == 60 * 60


@pytest.mark.parametrize(
    ("length_min", "minutes", "kind"),
    [
        (60, 4.9, "looked_in"),
        (60, 5, "attended"),
        (20, 5, "attended"),
        (12, 2.9, "looked_in"),
        (12, 3, "attended"),
        (2, 1, "attended"),
    ],
)
def test_close_draws_the_line_of_attendance_at_five_minutes_or_a_quarter(
    length_min: int, minutes: float, kind: str
) -> None:
    start = timezone.now().replace(microsecond=0) - timedelta(minutes=90)
    meeting = make_past_meeting(
        starts_at=start, went_live_at=start, ended_at=start + timedelta(minutes=length_min)
    )
    seat = make_guest(meeting)
    make_presence(seat, minutes=minutes)

    closing.close_meeting(meeting=meeting)

    assert {kind for kind, _quantity in _facts(seat)} == {kind, "engaged"}
    [row] = attendance_rows(meeting=meeting)
    counted = Meeting.objects.with_counts().get(pk=meeting.pk)
    assert (row.has_attended, counted.attended_count) == (kind == "attended", kind == "attended")


def test_close_again_keeps_the_line_of_attendance_that_was_drawn() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    make_presence(seat, minutes=4)
    closing.close_meeting(meeting=meeting)
    Meeting.objects.filter(pk=meeting.pk).update(attended_from_s=180)

    closing.close_meeting(meeting=meeting)

    assert "attended" in {kind for kind, _quantity in _facts(seat)}


def test_close_writes_what_somebody_wrote_onto_the_timeline() -> None:
    meeting = make_past_meeting()
    contact = make_contact(email="li.na@customers.example")
    seat = make_guest(meeting, contact_point=contact.points.get())
    make_presence(seat)
    make_chat_line(seat, "What does it cost?")
    make_chat_line(seat, "Never mind", deleted_at=timezone.now())
    make_chat_line(seat, "x" * 600)

    closing.close_meeting(meeting=meeting)

    [words] = [entry.words for entry in timeline_of(contact) if entry.words]
    assert words == ["What does it cost?", "x" * closing.WORDS_LENGTH]


def test_close_keeps_the_latest_words_of_somebody_who_writes_a_lot() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    make_presence(seat)
    for number in range(closing.WORDS_LINES + 2):
        make_chat_line(seat, f"line {number}")

    closing.close_meeting(meeting=meeting)

    chatted = Activity.objects.get(kind="chatted")
    assert chatted.quantity == closing.WORDS_LINES + 2
    assert chatted.data["words"][0] == "line 2"
    assert len(chatted.data["words"]) == closing.WORDS_LINES


def test_close_says_nothing_of_an_address_that_nobody_confirmed() -> None:
    meeting = make_past_meeting()
    typed = make_registration(meeting, verified_at=None)

    closing.close_meeting(meeting=meeting)

    assert not Activity.objects.filter(contact_point=typed.contact_point).exists()


def test_close_notes_who_did_not_come_also_without_a_seat() -> None:
    meeting = make_past_meeting()
    absent = make_registration(meeting)

    closing.close_meeting(meeting=meeting)

    rows = Activity.objects.filter(contact_point=absent.contact_point)
    assert [row.kind for row in rows] == ["no_show"]


def test_close_of_a_meeting_nobody_entered_says_nothing_about_anybody() -> None:
    start = timezone.now() - timedelta(hours=3)
    meeting = make_meeting(starts_at=start, ends_at=start + timedelta(hours=1))
    make_registration(meeting)

    closing.close_meeting(meeting=meeting)

    assert (meeting.state, Activity.objects.count()) == ("closed", 0)


def test_close_leaves_colleagues_and_cancelled_registrations_out() -> None:
    meeting = make_past_meeting()
    colleague = make_contact(email="colleague@vmcrm.example", is_internal=True)
    inside = make_guest(meeting, contact_point=colleague.points.get())
    make_presence(inside)
    make_registration(meeting, state="cancelled", cancelled_at=timezone.now())

    closing.close_meeting(meeting=meeting)

    assert Activity.objects.count() == 0


def test_close_ends_an_interval_of_a_dead_process_with_its_last_sign_of_life() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    live = meeting.went_live_at
    assert live is not None
    make_presence(seat, start=live, left_at=None, seen_at=live + timedelta(minutes=12))

    closing.close_meeting(meeting=meeting)

    seat.refresh_from_db()
    assert seat.attended_s == 12 * 60


def test_close_of_a_live_meeting_ends_the_room_and_its_intervals() -> None:
    now = timezone.now()
    meeting = make_meeting(
        starts_at=now - timedelta(minutes=40),
        ends_at=now + timedelta(minutes=20),
        went_live_at=now - timedelta(minutes=40),
        state="live",
    )
    seat = make_guest(meeting)
    make_presence(seat, start=now - timedelta(minutes=30), left_at=None, seen_at=now)

    closing.close_meeting(meeting=meeting)

    seat.refresh_from_db()
    stay = seat.presence.get()
    assert (stay.left_at == meeting.ended_at, stay.reason) == (True, "ended")
    assert seat.attended_s is not None
    assert abs(seat.attended_s - 30 * 60) <= 2
    assert meeting.state == "closed"


@pytest.mark.parametrize("fields", [{}, {"state": "cancelled"}])
def test_close_before_the_start_or_after_cancelling_is_refused(fields: dict[str, Any]) -> None:
    meeting = make_meeting(**fields)

    with pytest.raises(NotYetOver):
        closing.close_meeting(meeting=meeting)


def test_close_by_host_manager_and_strangers(
    owner: User, teammate: User, stranger: User, manager: User, auditor: User
) -> None:
    meeting = make_past_meeting(owner)

    for person in (teammate, stranger, auditor):
        with pytest.raises(NotAllowed):
            closing.close_meeting(meeting=meeting, closed_by=person)
    meeting.refresh_from_db()
    assert meeting.state == "ended"

    closing.close_meeting(meeting=meeting, closed_by=manager)
    closing.close_meeting(meeting=meeting, closed_by=owner)
    assert meeting.state == "closed"


def _due(now: datetime, **fields: Any) -> bool:
    meeting = make_meeting(**fields)
    return meeting in closing.due_for_closing(now=now)


def test_due_for_closing_waits_for_late_ratings_and_people_still_inside() -> None:
    now = timezone.now()
    start = now - timedelta(hours=2)
    ended = {"starts_at": start, "state": "ended", "went_live_at": start}

    assert not _due(now, ended_at=now - timedelta(minutes=9), **ended)
    assert _due(now, ended_at=now - timedelta(minutes=10), **ended)
    assert not _due(now, starts_at=now - timedelta(minutes=80))
    assert _due(now, starts_at=now - timedelta(minutes=90))
    assert not _due(now, starts_at=start, state="cancelled")
    assert not _due(now, starts_at=start, state="closed", closed_at=now)


def test_due_for_closing_leaves_an_occupied_room_alone_but_not_for_ever() -> None:
    now = timezone.now()
    meeting = make_meeting(starts_at=now - timedelta(hours=3), state="live")
    make_presence(make_guest(meeting), left_at=None, seen_at=now)

    assert closing.due_for_closing(now=now) == []
    later = now + closing.CLOSES_AT_THE_LATEST
    assert closing.due_for_closing(now=later) == [meeting]


def test_close_finished_closes_what_is_due_once() -> None:
    start = timezone.now() - timedelta(hours=5)
    meeting = make_meeting(starts_at=start, ends_at=start + timedelta(hours=1))

    assert closing.close_finished(now=timezone.now()) == 1
    assert closing.close_finished(now=timezone.now()) == 0
    assert Meeting.objects.get(pk=meeting.pk).state == "closed"


def test_close_writes_activity_on_an_address_nobody_is_known_behind() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting, contact_point=make_point("info@shared.example", is_shared=True))
    make_presence(seat)

    closing.close_meeting(meeting=meeting)

    assert ("attended", 30) in _facts(seat)
