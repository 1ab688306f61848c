"""What the clock does for meetings."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from crm.services.wakeups import wake
from meetings.relay_files import RelayAway
from meetings.services import closing, recording_files

logger = logging.getLogger(__name__)


@shared_task(time_limit=300, soft_time_limit=280)
def close_finished_meetings() -> int:
    """Close what has been over for a while; the number of meetings closed. Harmless twice."""
    return closing.close_finished(now=timezone.now())


@shared_task(time_limit=1800, soft_time_limit=1740)
def fetch_recording(track_id: int) -> None:
    """Bring one finished file into the storage. Harmless twice."""
    recording_files.fetch(track_id=track_id)


@shared_task(time_limit=60, soft_time_limit=50)
def sweep_recordings() -> None:
    """Find what the relays have finished, and wake what waits; a relay that is away has time."""
    for url in settings.RELAY_URLS:
        try:
            recording_files.note_finished(url=url)
        except RelayAway as error:
            logger.info("%s", error)
    for track_id in recording_files.due(now=timezone.now()):
        wake(fetch_recording.name, track_id)


@shared_task(time_limit=600, soft_time_limit=580)
def delete_expired_recordings() -> int:
    """Once an hour: what was kept as long as it may be."""
    return recording_files.delete_expired(today=timezone.now())
