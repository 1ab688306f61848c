"""Wake-ups go out after the commit; a broker that is down is no error of the caller."""

import time

import pytest
from celery import Celery
from django.conf import settings
from pytest_django import DjangoCaptureOnCommitCallbacks

from crm.services.wakeups import wake

pytestmark = pytest.mark.django_db


def test_broker_that_is_down_is_logged_and_not_raised(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    caplog: pytest.LogCaptureFixture,
) -> None:
    nowhere = Celery("nowhere", broker="redis://127.0.0.1:1/0", set_as_current=False)
    nowhere.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS

    @nowhere.task(name="nowhere.work")
    def work(row_id: int) -> None: ...

    began_at = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        wake(work, 7)
    took_s = time.monotonic() - began_at

    assert "nowhere.work(7,) was not published" in caplog.text
    assert took_s < 1, "a page must not wait for a broker that is away"
