"""What the clock does for meetings."""

from celery import shared_task
from django.utils import timezone

from meetings.services import closing


@shared_task(time_limit=300, soft_time_limit=280)
def close_finished_meetings() -> int:
    """Close what has been over for a while; the number of meetings closed. Harmless twice."""
    return closing.close_finished(now=timezone.now())
