"""The endpoint behind the live page."""

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import Run
from crm.models import User
from tests.factories.analytics import make_run


@pytest.fixture
def run(owner: User) -> Run:
    return make_run(requested_by=owner, status="running", stage="estimate", progress=25)


def url_of(run: Run) -> str:
    return reverse("analytics_api:run_progress", args=[run.public_id])


def test_progress_tells_stage_and_percent(client: Client, run: Run, owner: User):
    client.force_login(owner)

    assert client.get(url_of(run)).json() == {
        "public_id": str(run.public_id),
        "kind": "regression",
        "status": "running",
        "status_label": "Running",
        "stage": "estimate",
        "stage_label": "Calculating",
        "progress": 25,
        "is_open": True,
    }


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("owner", 200),
        ("manager", 200),
        ("auditor", 200),
        ("teammate", 404),
        ("stranger", 404),
        ("attendee_account", 404),
    ],
)
def test_progress_is_for_those_who_see_the_run(
    request: pytest.FixtureRequest, client: Client, run: Run, person: str, status: int
):
    client.force_login(request.getfixturevalue(person))

    assert client.get(url_of(run)).status_code == status


def test_progress_needs_a_session(client: Client, run: Run):
    assert client.get(url_of(run)).status_code == 403


def test_progress_cannot_be_written(client: Client, run: Run, owner: User):
    client.force_login(owner)

    assert client.post(url_of(run), {"progress": 99}).status_code == 405
