"""What keeps a relay from recording, noted on the recording it is about."""

from datetime import timedelta

import pytest
from django.utils import timezone

from meetings.models import Recording
from meetings.services import recording
from tests.factories.meetings import make_meeting

pytestmark = pytest.mark.django_db


def make_recording() -> Recording:
    now = timezone.now()
    return Recording.objects.create(
        meeting=make_meeting(state="live"),
        starts_at=now,
        delete_on=(now + timedelta(days=365)).date(),
        changed_sequence=1,
    )


def note(row: Recording, trouble: str) -> str:
    recording.note_trouble(recording_id=str(row.public_id), trouble=trouble)
    row.refresh_from_db()
    return row.trouble


def test_trouble_of_a_running_recording_is_noted_until_it_has_passed() -> None:
    row = make_recording()

    assert [note(row, "relay_away"), note(row, "")] == ["relay_away", ""]


def test_relay_that_refuses_a_stopped_recording_does_not_spoil_it() -> None:
    row = make_recording()
    recording.end(meeting=row.meeting, now=timezone.now())

    assert note(row, "cannot_record") == ""
