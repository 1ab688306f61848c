"""Work in the background: each task takes ids and makes one service call."""

from celery import shared_task

from crm.services import deliveries, mailings, sending


@shared_task(name="crm.tasks.send_delivery", soft_time_limit=60, time_limit=90)
def send_delivery(delivery_id: int) -> None:
    sending.send(delivery_id=delivery_id)


@shared_task(name="crm.tasks.sweep_deliveries", soft_time_limit=20, time_limit=30)
def sweep_deliveries() -> None:
    """Every two seconds: mails that are due, and those whose worker died."""
    deliveries.wake_due()


@shared_task(name="crm.tasks.expand_mailing", soft_time_limit=600, time_limit=630)
def expand_mailing(mailing_id: int) -> None:
    mailings.expand(mailing_id=mailing_id)


@shared_task(name="crm.tasks.sweep_mailings", soft_time_limit=20, time_limit=30)
def sweep_mailings() -> None:
    """Every two seconds: mailings whose worker died before the outbox was filled."""
    mailings.wake_unfinished()
