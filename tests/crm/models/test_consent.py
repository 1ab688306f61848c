"""Consent events are written once: the model, the queryset and the database refuse changes."""

import importlib
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from crm.models import ConsentEvent
from tests.factories.crm import make_consent, make_point

pytestmark = pytest.mark.django_db

GUARD = importlib.import_module("crm.migrations.0008_consents_are_append_only")


@pytest.fixture
def database_guard() -> Iterator[None]:
    """The triggers of the migration, which the test session takes away on SQLite."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for statement in GUARD.SQLITE_TRIGGERS.values():
                cursor.execute(statement)
    yield
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in GUARD.SQLITE_TRIGGERS:
                cursor.execute(f"DROP TRIGGER {name}")


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
