"""The template for product launches promised more seats than a room has; only its default changes."""

from typing import Any

from django.db import migrations

SEATS_BEFORE = 500
SEATS = 200  # meetings.forms.seats.MOST_SEATS at the time


def _fit(apps: Any, schema_editor: Any) -> None:
    templates = apps.get_model("meetings", "MeetingTemplate").objects
    templates.filter(kind="launch", name="Product launch", capacity=SEATS_BEFORE).update(
        capacity=SEATS
    )


class Migration(migrations.Migration):
    dependencies = [("meetings", "0009_answers_to_being_recorded")]

    operations = [migrations.RunPython(_fit, migrations.RunPython.noop)]
