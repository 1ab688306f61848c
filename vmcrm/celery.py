"""The Celery application of the workers. Tasks live in each app's `tasks.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmcrm.settings")
# One thread for each pool process: equal inputs then give equal bits. Read when numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

app = Celery("vmcrm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
