"""The clock: a Celery application with the schedule alone, without Django, to stay small."""

from celery import Celery

from vmcrm import broker_urls, env
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
