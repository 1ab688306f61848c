"""The outbox: one row for a purpose and an address, woken when due."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from crm.models import Delivery, User
from crm.services import deliveries
from crm.services.errors import InvalidAddress, NotAllowed
from tests.factories.crm import make_contact, make_delivery
from vmcrm.celery import app as celery_app

pytestmark = pytest.mark.django_db


def enqueue(**facts: object) -> Delivery:
    facts = {
        "purpose_key": "meeting:1:confirmation",
        "address": "Li.Na@customers.example",
        "subject": "Hello",
        "text": "Hello",
        "language": "en",
    } | facts
    return deliveries.enqueue_composed(**facts)  # type: ignore[arg-type]


def test_second_call_gives_the_first_row() -> None:
    first = enqueue()

    second = enqueue(address=" li.na@CUSTOMERS.example", subject="Another")

    assert first == second
    assert Delivery.objects.get().parameters["subject"] == "Hello"


def test_no_address_is_refused() -> None:
    with pytest.raises(InvalidAddress):
        enqueue(address="nobody")


def test_mail_that_needs_consent_needs_somebody_who_gave_it() -> None:
    with pytest.raises(deliveries.ConsentNeedsContactPoint):
        deliveries.enqueue(
            purpose_key="x",
            address="a@customers.example",
            composer="crm.composed",
            parameters={},
            language="en",
            consent_purpose="marketing",
        )


def test_enqueued_mail_wakes_a_worker_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with celery_app.connection() as broker, broker.SimpleQueue("default") as queue:
        queue.clear()
        with django_capture_on_commit_callbacks(execute=True):
            delivery = enqueue()
            published_early = queue.qsize()
        message = queue.get(block=False)

    assert published_early == 0
    assert message.headers["task"] == "crm.tasks.send_delivery"
    assert message.payload[0] == [delivery.pk]


def test_later_mail_waits_for_its_time(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)

    with django_capture_on_commit_callbacks() as callbacks:
        delivery = deliveries.enqueue(
            purpose_key="reminder",
            address="a@customers.example",
            composer="crm.composed",
            parameters={},
            language="en",
            not_before=tomorrow,
        )
        woken = deliveries.wake_due()

    assert (callbacks, woken, delivery.wake_at) == ([], 0, tomorrow)


@pytest.mark.parametrize(
    ("fields", "is_woken"),
    [
        ({"state": "queued", "wake_at": -1}, True),
        ({"state": "queued", "wake_at": 3}, False),
        ({"state": "deferred", "wake_at": -1}, True),
        ({"state": "claimed", "lease_until": -1}, True),
        ({"state": "claimed", "lease_until": 3}, False),
        ({"state": "failed"}, False),
        ({"state": "unknown"}, False),
        ({"state": "suppressed"}, False),
    ],
)
def test_sweep_wakes_what_is_due(fields: dict[str, str | int], is_woken: bool) -> None:
    now = timezone.now()
    times = {k: now + timedelta(seconds=v) for k, v in fields.items() if isinstance(v, int)}
    make_delivery(**(fields | times))

    woken = deliveries.wake_due()

    assert bool(woken) is is_woken


def test_sweep_does_not_wake_the_same_row_at_once_again() -> None:
    make_delivery(wake_at=timezone.now())

    assert (deliveries.wake_due(), deliveries.wake_due()) == (1, 0)


def test_failed_mail_is_sent_again_by_whoever_sees_it(owner: User, stranger: User) -> None:
    contact = make_contact(owner=owner, email="a@customers.example")
    delivery = make_delivery(
        state="failed",
        contact_point=contact.points.get(),
        reason="server_answer",
        error="554",
        attempts=3,
    )

    with pytest.raises(NotAllowed):
        deliveries.send_again(delivery=delivery, requested_by=stranger)
    deliveries.send_again(delivery=delivery, requested_by=owner)

    assert (delivery.state, delivery.attempts, delivery.error) == ("queued", 0, "")


def test_sent_mail_is_not_sent_again(administrator: User) -> None:
    delivery = make_delivery(state="sent", sent_at=timezone.now())

    with pytest.raises(deliveries.NothingToSendAgain):
        deliveries.send_again(delivery=delivery, requested_by=administrator)


@pytest.mark.parametrize(
    ("address", "is_demo"),
    [
        ("li.na@customers.example", True),
        ("li.na@example.com", True),
        ("li.na@mail.example.org", True),
        ("li.na@example.de", False),
        ("li.na@notexample.com", False),
    ],
)
def test_addresses_that_can_belong_to_nobody_are_demonstration(address: str, is_demo: bool) -> None:
    assert enqueue(address=address).is_demo is is_demo
