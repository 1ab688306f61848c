"""The room's one counter. Whoever changes the room holds the meeting's row until the commit, so
the order of numbers is the order in which changes became visible."""

from django.db.models import F

from meetings.models import Meeting


def lock_meeting(meeting_id: int) -> Meeting:
    """The meeting, held until the surrounding transaction ends."""
    meeting: Meeting = Meeting.objects.select_for_update().get(pk=meeting_id)
    return meeting


def advance(meeting: Meeting) -> int:
    """The number of the next change; call it inside the transaction that makes the change."""
    rows = Meeting.objects.filter(pk=meeting.pk)
    rows.update(room_sequence=F("room_sequence") + 1)
    meeting.room_sequence = rows.values_list("room_sequence", flat=True).get()
    return meeting.room_sequence
