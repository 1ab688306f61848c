"""Which finished files hold somebody who had said no by then: times in seconds after NOW."""

import dataclasses
from datetime import timedelta

import pytest
from django.utils import timezone

from media_relay.protocol import ClockPoint, RecordedFile
from meetings.models import RecordingAnswer, Seat
from meetings.services import recording
from meetings.services.refused_files import holds_refused
from tests.factories.meetings import make_guest, make_meeting
from tests.media_relay.recording.encoded import DRAFT

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def seat() -> Seat:
    return make_guest(make_meeting(state="live", recording_policy="optional"))


def say(seat: Seat, *answers: tuple[bool, float]) -> None:
    for is_agreeing, at_s in answers:
        recording.answer(seat=seat, is_agreeing=is_agreeing)
        newest = RecordingAnswer.objects.filter(seat=seat).latest("pk")
        RecordingAnswer.objects.filter(pk=newest.pk).update(said_at=NOW + timedelta(seconds=at_s))


def file_of(began_s: float, ended_s: float) -> RecordedFile:
    started_at = NOW.timestamp() + began_s
    return dataclasses.replace(DRAFT, started_at=started_at, duration_s=ended_s - began_s)


@pytest.mark.parametrize(
    ("began_s", "ended_s", "is_refused"),
    [
        (-60, -1, False),
        (-60, 1.9, False),
        (-60, 2.1, True),
        (-60, 46, True),
        (1, 46, True),
        (30, 46, True),
        (0.5, 1.5, False),
    ],
)
def test_file_that_runs_on_after_a_no_holds_a_refused_person(
    seat: Seat, began_s: float, ended_s: float, is_refused: bool
) -> None:
    say(seat, (True, -90), (False, 0))

    assert holds_refused(file_of(began_s, ended_s), seat) is is_refused


@pytest.mark.parametrize(
    ("began_s", "ended_s", "is_refused"),
    [
        (-60, 1, False),
        (-60, 46, True),
        (-60, 600, True),
        (99, 600, False),
        (97, 600, True),
        (100, 600, False),
        (300, 600, False),
    ],
)
def test_yes_that_follows_allows_new_files_and_does_not_heal_the_old_one(
    seat: Seat, began_s: float, ended_s: float, is_refused: bool
) -> None:
    say(seat, (True, -90), (False, 0), (True, 100))

    assert holds_refused(file_of(began_s, ended_s), seat) is is_refused


def test_file_of_the_first_of_two_refusals_is_refused_however_late_it_comes(seat: Seat) -> None:
    say(seat, (True, -90), (False, 0), (True, 100), (False, 200))

    refused = [holds_refused(file_of(*span), seat) for span in [(-60, 46), (100, 201), (101, 246)]]

    assert refused == [True, False, True]


def test_no_that_is_repeated_counts_from_the_first_time(seat: Seat) -> None:
    say(seat, (False, 0), (False, 50))
    RecordingAnswer.objects.update(said_at=NOW)

    assert RecordingAnswer.objects.count() == 1
    assert holds_refused(file_of(-60, 46), seat)


def test_who_only_ever_agreed_or_was_never_asked_is_in_their_files(seat: Seat) -> None:
    never_asked = make_guest(seat.meeting)
    say(seat, (True, 0))
    refusing = make_guest(seat.meeting)
    say(refusing, (False, 0))
    whole = file_of(-60, 600)

    refused = [holds_refused(whole, each) for each in (seat, never_asked, refusing)]

    assert refused == [False, False, True]


def test_end_of_a_file_is_measured_by_the_relays_clock_and_not_by_the_senders(seat: Seat) -> None:
    """After two hours a sender's clock may be seconds ahead: the file looks longer than it took."""
    say(seat, (True, -7300), (False, 0))
    ended_in_time = file_of(-7200, 4)
    arrived_s = NOW.timestamp() - 0.5
    fast = ClockPoint(at_s=7203.2, sender_s=arrived_s + 3.7, arrived_s=arrived_s)

    with_report = dataclasses.replace(ended_in_time, clock=(fast,))

    assert holds_refused(ended_in_time, seat)
    assert not holds_refused(with_report, seat)
