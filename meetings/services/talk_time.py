"""Storing how long people talked, from what a relay counted.

A report is the state of one tally, not an addition: the largest one heard counts. So it may come
twice, through several web processes and out of order. A relay that was killed, a room that was
opened again and a move to another relay each begin another tally; a seat's talk is their sum.

What a tally holds while the meeting is planned is rehearsal. The last report before the meeting
went live may be ten seconds old: so much talk of a rehearsal may count at most.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from meetings.models import Meeting, Seat, TalkTime
from meetings.models.choices import MeetingState
from meetings.services import closing


def store(*, room: str, tally: str, seconds: Mapping[str, float]) -> None:
    """Take note of a report. People and rooms unknown here are left out.

    The last words of a meeting may be reported after it was closed: its guests are then evaluated
    again. The row is held, so that a report is either read by the closing or finds it done.
    """
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().filter(public_id=UUID(room)).first()
        if meeting is None:
            return
        changed = _raise_all(meeting, tally, seconds)
        if meeting.state == MeetingState.CLOSED:
            for seat in Seat.objects.of_guests().filter(pk__in=changed).select_related("meeting"):
                closing.evaluate_again(seat=seat)


def _raise_all(meeting: Meeting, tally: str, seconds: Mapping[str, float]) -> list[int]:
    """The seats whose talk has grown."""
    seats = Seat.objects.filter(meeting=meeting, public_id__in=[UUID(name) for name in seconds])
    known = dict(
        TalkTime.objects.filter(seat__meeting=meeting, tally=tally).values_list("seat", "talked_s")
    )
    grown = {
        pk: seconds[str(public_id)]
        for pk, public_id in seats.values_list("pk", "public_id")
        if seconds[str(public_id)] > known.get(pk, 0.0)
    }
    for seat_id, talked_s in grown.items():
        _raise(seat_id, tally, talked_s, is_rehearsal=meeting.state == MeetingState.PLANNED)
    return list(grown)


def _raise(seat_id: int, tally: str, talked_s: float, *, is_rehearsal: bool) -> None:
    fields = {"talked_s": talked_s} | ({"rehearsed_s": talked_s} if is_rehearsal else {})
    row, _is_new = TalkTime.objects.get_or_create(seat_id=seat_id, tally=tally, defaults=fields)
    # Another process may have stored a later report since we looked.
    TalkTime.objects.filter(pk=row.pk, talked_s__lt=talked_s).update(**fields)
