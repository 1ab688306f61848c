"""Consent events are written once: the model, the queryset and the database refuse changes."""

import pytest
from django.db import IntegrityError, connection, transaction

from crm.models import ConsentEvent, DemoRow
from tests.factories.crm import make_consent, make_point

pytestmark = pytest.mark.django_db


def test_save_of_a_stored_consent_is_refused() -> None:
    event = make_consent(make_point())
    event.state = "withdrawn"

    with pytest.raises(TypeError):
        event.save()


def test_delete_of_a_consent_is_refused_by_model_and_queryset() -> None:
    event = make_consent(make_point())

    with pytest.raises(TypeError):
        event.delete()
    with pytest.raises(TypeError):
        ConsentEvent.objects.all().delete()
    with pytest.raises(TypeError):
        ConsentEvent.objects.update(state="withdrawn")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE crm_consentevent SET state = 'withdrawn'", "DELETE FROM crm_consentevent"],
)
def test_raw_change_of_a_consent_is_refused_by_the_database(
    database_guard: None, statement: str
) -> None:
    make_consent(make_point())

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert ConsentEvent.objects.get().state == "granted"


def test_database_lets_consents_of_the_demo_go_and_no_others(database_guard: None) -> None:
    demo, real = make_consent(make_point()), make_consent(make_point())
    DemoRow.objects.create(model="crm.contactpoint", key=str(demo.contact_point_id))
    DemoRow.objects.create(model="crm.contact", key=str(real.contact_point_id))

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM crm_consentevent WHERE id = %s", [demo.pk])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM crm_consentevent WHERE id = %s", [real.pk])

    assert ConsentEvent.objects.get() == real


def test_database_lets_nobody_change_a_consent_of_the_demo(database_guard: None) -> None:
    demo = make_consent(make_point())
    DemoRow.objects.create(model="crm.contactpoint", key=str(demo.contact_point_id))

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE crm_consentevent SET state = 'withdrawn'")
