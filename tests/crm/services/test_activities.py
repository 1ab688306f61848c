"""The timeline: facts with a key are rewritten, points add up to the score."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.models import Activity
from crm.selectors.timeline import timeline_of
from crm.services import activities, scores
from tests.factories.crm import make_activity, make_contact, make_point

pytestmark = pytest.mark.django_db


def test_activity_without_a_key_is_added_each_time() -> None:
    point = make_point()

    for _ in range(2):
        activities.record(contact_point=point, kind="note", occurred_at=timezone.now())

    assert Activity.objects.count() == 2


def test_fact_about_a_subject_is_rewritten_by_its_key() -> None:
    point = make_point()
    facts = {"subject_ref": "meeting:1", "contact_point": point, "kind": "call"}

    activities.upsert_for_subject(**facts, occurred_at=timezone.now(), quantity=5, unit="min")
    activities.upsert_for_subject(**facts, occurred_at=timezone.now(), quantity=7.5, unit="min")

    assert Activity.objects.get().quantity == Decimal("7.50")


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(activities.UnknownActivityKind):
        activities.record(contact_point=make_point(), kind="dreamt", occurred_at=timezone.now())


def test_last_activity_of_the_contact_never_goes_back() -> None:
    contact = make_contact(email="a@customers.example")
    point, now = contact.points.get(), timezone.now()

    activities.record(contact_point=point, kind="note", occurred_at=now)
    activities.record(contact_point=point, kind="note", occurred_at=now - timedelta(days=3))

    contact.refresh_from_db()
    assert contact.last_activity_at == now


def test_score_is_the_sum_of_points_over_all_addresses() -> None:
    contact, other = make_contact(email="a@customers.example"), make_contact()
    second = make_point(contact=contact)
    make_activity(contact.points.get(value="a@customers.example"), kind="purchase")
    make_activity(second, kind="call")
    make_activity(second, kind="note")
    make_activity(make_point(contact=other), kind="call")

    scores.recompute_engagement(contact_ids=[contact.pk])

    contact.refresh_from_db()
    other.refresh_from_db()
    assert (contact.engagement_score, other.engagement_score) == (12, 0)


def test_score_of_a_contact_that_lost_its_activities_is_nought() -> None:
    contact = make_contact(engagement_score=40)

    scores.recompute_engagement(contact_ids=[contact.pk, contact.pk])

    contact.refresh_from_db()
    assert contact.engagement_score == 0


def test_timeline_reads_as_sentences_newest_first() -> None:
    contact = make_contact(email="a@customers.example")
    point, now = contact.points.get(), timezone.now()
    make_activity(point, kind="call", subject_title="Offer", occurred_at=now - timedelta(days=1))
    make_activity(
        point,
        kind="purchase",
        subject_title="Pump",
        quantity=Decimal("99.50"),
        unit="EUR",
        occurred_at=now,
    )

    entries = timeline_of(contact)

    assert [entry.sentence for entry in entries] == ["Bought for 99.5 EUR: Pump", "Call: Offer"]


def test_last_activity_follows_a_fact_whose_time_moves_back() -> None:
    contact = make_contact(email="li.na@customers.example")
    point = contact.points.get()
    now = timezone.now()
    fact = {"contact_point": point, "kind": "rated", "key": "meeting:1|rated"}
    activities.record(**fact, occurred_at=now)

    activities.record(**fact, occurred_at=now - timedelta(days=60))

    contact.refresh_from_db()
    assert contact.last_activity_at == now - timedelta(days=60)
