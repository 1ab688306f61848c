"""Telling a worker that a row waits.

The row is the truth: what is lost on the way to the worker, the sweep makes good.
"""

import logging
from functools import partial
from typing import Any, Protocol

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from crm.outage import Outage

logger = logging.getLogger(__name__)
_outage = Outage("The broker")


class PublishableTask(Protocol):
    name: str

    def apply_async(self, args: Any = None, **options: Any) -> Any: ...


def wake(task: PublishableTask | str, *args: Any) -> None:
    """Publish the task (or the task of that name) once the transaction is committed.

    A broker that does not answer is logged and never becomes the caller's error.
    """
    transaction.on_commit(partial(_publish, task, args))


def _publish(task: PublishableTask | str, args: tuple[Any, ...]) -> None:
    name = task if isinstance(task, str) else task.name
    if not _outage.may_ask():
        logger.info("%s%r was not published: the broker does not answer.", name, args)
        return
    try:
        if isinstance(task, str):
            current_app.send_task(task, args=args, retry=False)
        else:
            task.apply_async(args=args, retry=False)
    except (OperationalError, OSError) as error:
        _outage.note_failure(error)
        logger.warning("%s%r was not published (%s).", name, args, error)
    else:
        _outage.note_answer()
