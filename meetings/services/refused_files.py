"""Finished files that hold somebody who had said no by then.

A no is told to the relay at once. A relay that cannot be reached writes on until it is, or until it
has let everybody go. What was written meanwhile cannot be cut out of the file, so nothing of the
file is kept, whatever became of the connection.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from media_relay.protocol import RecordedFile
from meetings.models import RecordingAnswer, Seat

TOLERANCE: Final = timedelta(seconds=2)
"""How long the relay may take to obey, and how far its clock may lie beside ours: what lies so
close to a no, or to the yes that takes it back, was not recorded against anybody's will."""


def holds_refused(entry: RecordedFile, seat: Seat) -> bool:
    """Whether the file has anything of this person from a time when they had said no."""
    began_at, ended_at = datetime.fromtimestamp(entry.started_at, UTC), _ended_at(entry)
    until = ended_at
    for answer in RecordingAnswer.objects.filter(seat=seat).order_by("-pk"):
        since = answer.said_at + TOLERANCE
        if not answer.is_agreeing and max(began_at, since) < min(ended_at, until):
            return True
        until = answer.said_at - TOLERANCE
    return False


def _ended_at(entry: RecordedFile) -> datetime:
    """By the relay's clock. Times in a file are the sender's, and its clock may run faster: its
    newest report says what lay where when it arrived."""
    at_s, arrived_s = 0.0, entry.started_at
    if entry.clock:
        at_s, arrived_s = entry.clock[-1].at_s, entry.clock[-1].arrived_s
    return datetime.fromtimestamp(arrived_s + entry.duration_s - at_s, UTC)
