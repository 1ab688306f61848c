"""The closing rating: who may give it, and that a late one still counts."""

import pytest

from crm.models import Activity, User
from meetings.services import closing, ratings
from meetings.services.access import ensure_host_seat
from meetings.services.refusals import BadRating, NotAllowed
from tests.factories.meetings import make_guest, make_past_meeting, make_presence

pytestmark = pytest.mark.django_db


def test_rate_keeps_the_newest_rating_as_one_activity() -> None:
    seat = make_guest(make_past_meeting())
    make_presence(seat)

    ratings.rate(seat=seat, rating=2)
    ratings.rate(seat=seat, rating=5)

    seat.refresh_from_db()
    assert seat.closing_rating == 5
    assert [(row.kind, row.quantity) for row in Activity.objects.all()] == [("rated", 5)]


@pytest.mark.parametrize("rating", [0, 6, -1])
def test_rate_outside_one_to_five_is_refused(rating: int) -> None:
    seat = make_guest(make_past_meeting())
    make_presence(seat)

    with pytest.raises(BadRating):
        ratings.rate(seat=seat, rating=rating)

    seat.refresh_from_db()
    assert seat.closing_rating is None


def test_rate_by_the_host_or_by_somebody_never_there_is_refused(owner: User) -> None:
    meeting = make_past_meeting(owner)
    host_seat = ensure_host_seat(meeting=meeting, user=owner)
    make_presence(host_seat)
    absent = make_guest(meeting)

    for seat in (host_seat, absent):
        with pytest.raises(NotAllowed):
            ratings.rate(seat=seat, rating=5)

    assert Activity.objects.count() == 0


def test_rate_after_closing_raises_the_engagement_points() -> None:
    meeting = make_past_meeting()
    seat = make_guest(meeting)
    make_presence(seat, minutes=60)
    closing.close_meeting(meeting=meeting)
    seat.refresh_from_db()
    assert seat.engagement_points == 60

    ratings.rate(seat=seat, rating=3)

    seat.refresh_from_db()
    assert seat.engagement_points == 70
    assert Activity.objects.get(kind="engaged").quantity == 70
