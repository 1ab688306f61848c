"""The clock: a Celery application with the schedule alone, without Django, to stay small."""

from typing import Any

from celery import Celery
from celery.beat import Scheduler as MemoryScheduler

from vmcrm import broker_urls, env, sign_of_life
from vmcrm.folders import HOME
from vmcrm.schedule import SCHEDULE

app = Celery("vmcrm-beat")
app.conf.update(
    broker_url=broker_urls.spell_for_celery(
        env.read_redis_url(f"unix://{broker_urls.find_socket_path(HOME)}"), 0
    ),
    broker_connection_retry_on_startup=True,
    broker_transport_options=broker_urls.BROKER_LIMITS,
    task_ignore_result=True,
    task_default_queue="default",
    beat_schedule=SCHEDULE,
    beat_max_loop_interval=1,
)


class Scheduler(MemoryScheduler):
    """Gives a sign of life each time it looks what is due: at least once a second."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        sign_of_life.give()
        return super().tick(*args, **kwargs)
