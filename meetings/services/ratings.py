"""The closing rating: one to five stars, asked of guests when they leave."""

from django.db import transaction
from django.utils import timezone

from crm.services import activities
from meetings.models import Seat
from meetings.models.choices import MeetingState
from meetings.services.closing import evaluate_again
from meetings.services.refusals import BadRating, NotAllowed

RATINGS = range(1, 6)


def rate(*, seat: Seat, rating: int) -> None:
    """Keep the rating of a guest who was in the room; a later one replaces it.

    Raises BadRating, NotAllowed (hosts do not rate their own meeting; who was never in the room
    has nothing to rate).
    """
    if rating not in RATINGS:
        raise BadRating
    if seat.registration is None or not seat.presence.exists():
        raise NotAllowed
    meeting = seat.meeting
    now = timezone.now()
    with transaction.atomic():
        seat.closing_rating = rating
        seat.rated_at = now
        seat.save(update_fields=["closing_rating", "rated_at"])
        activities.upsert_for_subject(
            subject_ref=meeting.subject_ref,
            contact_point=seat.registration.contact_point,
            kind="rated",
            occurred_at=now,
            subject_title=meeting.title,
            quantity=rating,
            unit="stars",
            market=meeting.market,
            campaign=meeting.campaign,
        )
        if meeting.state == MeetingState.CLOSED:
            evaluate_again(seat=seat)
