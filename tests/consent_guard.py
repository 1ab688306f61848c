"""The database's guard of the consent events, which the test session takes away on SQLite."""

import importlib

from django.db import connection

_first = importlib.import_module("crm.migrations.0008_consents_are_append_only")
_now = importlib.import_module("crm.migrations.0012_demo_consents_may_be_removed")
TRIGGERS = {**_first.SQLITE_TRIGGERS, **_now.SQLITE_TRIGGERS}


def take_away() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def put_back() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for statement in TRIGGERS.values():
                cursor.execute(statement)
