"""The clock's sign of life. All other work lives in the apps' own tasks."""

from celery import shared_task

from vmcrm import health


@shared_task(name="vmcrm.tasks.beat_heart", time_limit=10, soft_time_limit=5)
def beat_heart() -> None:
    """Published by beat every two seconds: that it runs shows beat, broker and worker alive."""
    health.note_heartbeat("beat")
