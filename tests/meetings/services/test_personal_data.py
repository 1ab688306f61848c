"""What of a person is given out and erased by the meetings."""

from uuid import uuid4

import pytest
from django.core.files.storage import default_storage

from crm.extensions import Person
from crm.models import User
from meetings.models import RecordingTrack, Seat
from meetings.selectors.personal_data import export_of_meetings
from meetings.services import recording
from meetings.services.personal_data import erase_person
from tests.factories.meetings import make_guest, make_meeting, make_past_meeting
from tests.meetings.admin.test_recording_downloads import make_track

pytestmark = pytest.mark.django_db(transaction=True)


def person_in(track: RecordingTrack) -> Person:
    return person_of(track.seat)


def person_of(seat: Seat) -> Person:
    registration = seat.registration
    assert registration is not None
    return Person(
        contact_id=0, contact_public_id=uuid4(), point_ids=(registration.contact_point_id,)
    )


def test_recordings_of_an_erased_person_are_deleted_and_those_of_others_stay(owner: User) -> None:
    meeting = make_past_meeting(host=owner)
    theirs = make_track(meeting)
    others = make_track(meeting)

    erase_person(person_in(theirs))

    theirs_name = theirs.file.name
    theirs.refresh_from_db()
    others.refresh_from_db()
    assert (theirs.state, theirs.file.name, others.state) == ("deleted", "", "stored")
    assert not default_storage.exists(theirs_name)
    assert default_storage.exists(others.file.name)


def test_export_names_what_was_said_to_being_recorded(owner: User) -> None:
    meeting = make_meeting(host=owner, state="live", recording_policy="optional")
    seat, other = make_guest(meeting), make_guest(meeting)
    for is_agreeing in (True, False):
        recording.answer(seat=seat, is_agreeing=is_agreeing)
    recording.answer(seat=other, is_agreeing=True)

    sections = export_of_meetings(person_of(seat))

    values = [{f.name: f.value for f in row} for section in sections for row in section.records]
    assert [row["is_agreeing"] for row in values if "is_agreeing" in row] == [True, False]


def test_export_names_what_was_recorded(owner: User) -> None:
    track = make_track(make_past_meeting(host=owner))

    sections = export_of_meetings(person_in(track))

    values = [{f.name: f.value for f in row} for section in sections for row in section.records]
    named = [(row["source"], row["size_bytes"]) for row in values if "size_bytes" in row]
    assert named == [("camera", track.size_bytes)]
