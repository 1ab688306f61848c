"""What is known of a relay that should record, as several web processes come to know it."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from meetings.models import Recording
from meetings.selectors.recording import card
from meetings.services import recording
from tests.factories.meetings import make_meeting

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def make_recording() -> Recording:
    return Recording.objects.create(
        meeting=make_meeting(state="live"),
        starts_at=NOW,
        delete_on=(NOW + timedelta(days=365)).date(),
        changed_sequence=1,
    )


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def hear(row: Recording, trouble: str, seconds: float) -> str:
    """A process hears the relay so long after NOW; what the row says then."""
    recording.note_word(recording_id=str(row.public_id), trouble=trouble, heard_at=at(seconds))
    row.refresh_from_db()
    return row.trouble


def miss(row: Recording, seconds: float) -> str:
    """A process does not reach the relay so long after NOW; what the row says then."""
    recording.note_silence(recording_id=str(row.public_id), now=at(seconds))
    row.refresh_from_db()
    return row.trouble


def told(row: Recording) -> str | None:
    found = card(row.meeting)
    return None if found is None else found.state


def test_room_reads_announced_then_running_then_refused_then_nothing() -> None:
    row = make_recording()

    states = [told(row)]
    for trouble, seconds in [("", 1), ("disk_low", 2), ("", 3)]:
        hear(row, trouble, seconds)
        states.append(told(row))
    recording.end(meeting=row.meeting, now=at(4))
    states.append(told(row))

    assert states == ["announced", "running", "refused", "running", None]


def test_each_change_has_a_number_of_the_room_and_a_repeated_word_has_none() -> None:
    row = make_recording()

    numbers = []
    for trouble, seconds in [("", 1), ("", 2), ("disk_low", 3), ("disk_low", 4)]:
        hear(row, trouble, seconds)
        numbers.append(row.changed_sequence)

    assert numbers == [numbers[0], numbers[0], numbers[0] + 1, numbers[0] + 1]
    assert numbers[0] > 0
    assert row.heard_at == at(4)


def test_process_that_is_cut_off_does_not_speak_against_one_that_hears_the_relay() -> None:
    row = make_recording()

    seen = []
    for seconds in range(0, 60, 10):
        seen.append(hear(row, "", seconds + 1))
        seen.append(miss(row, seconds + 3))

    assert set(seen) == {""}


def test_process_that_is_cut_off_does_not_hide_why_the_relay_refuses() -> None:
    row = make_recording()
    hear(row, "disk_low", 1)

    assert miss(row, 2) == "disk_low"


def test_relay_that_is_cut_off_writes_on_and_nobody_reads_that_it_does_not() -> None:
    row = make_recording()
    hear(row, "", 1)

    assert miss(row, 1 + 59) == ""
    assert miss(row, 1 + 61) == "relay_away"


def test_relay_that_nobody_has_reached_yet_is_away_when_it_should_have_spoken() -> None:
    row = make_recording()

    assert miss(row, 9) == ""
    assert miss(row, 11) == "relay_away"


def test_word_that_arrives_late_does_not_undo_a_newer_one() -> None:
    row = make_recording()
    hear(row, "", 2)

    assert hear(row, "disk_low", 1) == ""


def test_relay_that_refuses_a_stopped_recording_does_not_spoil_it() -> None:
    row = make_recording()
    recording.end(meeting=row.meeting, now=timezone.now())

    assert hear(row, "cannot_record", 1) == ""
    assert miss(row, 99) == ""
