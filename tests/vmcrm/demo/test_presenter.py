"""`manage.py demo_presenter` where there is nothing to present."""

import pytest
from django.core.management import CommandError, call_command

from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_presenter_without_demo_data_says_what_is_missing():
    with pytest.raises(CommandError, match="there is no demo data here"):
        call_command("demo_presenter")


def test_presenter_without_a_meeting_says_what_to_do():
    make_user("The presenter", email="admin@lumen.example")

    with pytest.raises(CommandError, match="No meeting is open now"):
        call_command("demo_presenter")
