"""Asking for runs, repeating, cancelling and comparing them."""

import datetime as dt
import json

import pytest
from django.utils import timezone

from analytics.labels import label_difference
from analytics.models import Run
from analytics.services import execution, runs
from crm.models import Purchase, User
from tests.factories.analytics import (
    EXAMPLE_PARAMETERS,
    make_example_months,
    make_run,
    make_score_run,
)
from tests.factories.crm import make_contact, make_purchase


def execute(run: Run) -> Run:
    execution.execute_run(run_id=run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def finished(owner: User) -> Run:
    make_example_months(owner)
    return execute(make_run(requested_by=owner))


def test_request_twice_with_one_key_makes_one_run(owner: User):
    first = runs.request_run(
        kind="regression", requested_by=owner, parameters=EXAMPLE_PARAMETERS, request_key="click"
    )
    second = runs.request_run(
        kind="regression", requested_by=owner, parameters=EXAMPLE_PARAMETERS, request_key="click"
    )

    assert first == second
    assert Run.objects.count() == 1


def test_repetition_on_the_same_rows_gives_the_same_bits(finished: Run, owner: User):
    Purchase.objects.all().delete()

    again = execute(runs.repeat_run(run=finished, user=owner))

    assert again.pk != finished.pk
    assert again.predecessor == finished
    assert json.dumps(again.figures) == json.dumps(finished.figures)
    assert runs.figures_fingerprint(again) == runs.figures_fingerprint(finished)
    assert again.charts == finished.charts
    assert runs.compare_runs(before=finished, after=again) == []


def test_repetition_on_new_rows_shows_what_changed(finished: Run, owner: User):
    Purchase.objects.filter(purchased_on__month=1).update(amount=80)

    again = execute(runs.repeat_run(run=finished, user=owner, with_new_data=True))

    names = [found.name for found in runs.compare_runs(before=finished, after=again)]
    assert names[0] == "dataset_sha256"
    assert "figures.coefficients.spend_amount.estimate" in names
    assert not [name for name in names if name.startswith("parameters")]


def test_differences_go_down_to_single_values_where_one_run_has_none():
    before = Run(figures={"k": 2, "time": None, "rows": [1]})
    after = Run(figures={"k": 2, "time": {"trend": {"ci95": [1.5, 2.5]}}, "rows": [1, 4]})

    found = runs.compare_runs(before=before, after=after)

    assert found == [
        runs.Difference("figures.time.trend.ci95.1", None, 1.5),
        runs.Difference("figures.time.trend.ci95.2", None, 2.5),
        runs.Difference("figures.rows.2", None, 4),
    ]
    assert [label_difference(one.name) for one in found] == [
        "Figure: time · Trend · 95 % interval · from",
        "Figure: time · Trend · 95 % interval · to",
        "Figure: rows · 2",
    ]


def test_segments_repeated_give_the_same_bits(owner: User):
    for number in range(30):
        contact = make_contact(owner=owner)
        for visit in range(1 + number % 3 * 4):
            make_purchase(
                contact=contact,
                purchased_on=dt.date(2026, 1 + number % 3, 1 + visit),
                amount=10 + 100 * (number % 3) + number,
            )
    first = execute(make_run(kind="segments", requested_by=owner, parameters={"k": 3}))

    again = execute(runs.repeat_run(run=first, user=owner))

    assert first.figures["k"] == 3
    assert sum(segment["size"] for segment in first.figures["segments"]) == 30
    assert json.dumps(again.figures) == json.dumps(first.figures)


def test_open_run_cannot_be_repeated(owner: User):
    run = make_run(requested_by=owner)

    with pytest.raises(runs.CannotRepeat, match="still going on"):
        runs.repeat_run(run=run, user=owner)


def test_stranger_may_neither_repeat_nor_cancel(finished: Run, stranger: User):
    with pytest.raises(runs.NotAllowedToRun):
        runs.repeat_run(run=finished, user=stranger)
    with pytest.raises(runs.NotAllowedToRun):
        runs.cancel_run(run=finished, user=stranger)


def test_auditor_sees_a_run_and_may_not_cancel_it(owner: User, auditor: User):
    run = make_run(requested_by=owner)
    assert run in Run.objects.visible_to(auditor)

    with pytest.raises(runs.NotAllowedToRun):
        runs.cancel_run(run=run, user=auditor)


def test_finished_run_is_not_cancelled(finished: Run, owner: User):
    assert runs.cancel_run(run=finished, user=owner) is False
    finished.refresh_from_db()
    assert finished.is_answered


def test_runs_are_seen_by_owner_manager_and_wide_roles(
    owner: User, teammate: User, stranger: User, manager: User, auditor: User, marketer: User
):
    run = make_score_run(requested_by=owner)

    seen_by = [
        user.name
        for user in (owner, teammate, stranger, manager, auditor, marketer)
        if run in Run.objects.visible_to(user)
    ]

    assert seen_by == [owner.name, manager.name, auditor.name, marketer.name]


def test_waiting_runs_are_new_ones_and_those_whose_worker_died(owner: User):
    now = timezone.now()
    new = make_run(requested_by=owner)
    dead = make_run(requested_by=owner, status="running", lease_until=now - dt.timedelta(seconds=1))
    make_run(requested_by=owner, status="running", lease_until=now + dt.timedelta(seconds=3))
    make_score_run(requested_by=owner)

    assert runs.waiting_runs(now=now) == [
        runs.WaitingRun(new.pk, 0),
        runs.WaitingRun(dead.pk, 0),
    ]


def test_run_whose_worker_stopped_renewing_is_woken_when_its_lease_ends(owner: User):
    now = timezone.now()
    dying = make_run(
        requested_by=owner, status="running", lease_until=now + dt.timedelta(seconds=1.5)
    )
    make_run(requested_by=owner, status="running", lease_until=now + dt.timedelta(seconds=3))

    assert runs.waiting_runs(now=now, ahead_s=2) == [runs.WaitingRun(dying.pk, 1.5)]


@pytest.mark.parametrize(
    ("effect", "status", "allocation"),
    [
        ("1", "ok", {"Online ads": 30.0, "Social media": 20.0, "Offline events": 10.0}),
        (None, "refused", None),
    ],
)
def test_budget_from_the_form_is_allocated_or_refused(
    owner: User, effect: str | None, status: str, allocation: dict[str, float] | None
):
    channels = [
        {"name": "Online ads", "effect": "10", "cap": "30", "floor": None},
        {"name": "Social media", "effect": "8", "cap": "20", "floor": None},
        {"name": "Offline events", "effect": effect, "cap": "10", "floor": None},
    ]
    parameters = {"currency": "CNY", "total": "60", "unit": "per_unit", "channels": channels}

    run = execute(make_run(kind="budget", requested_by=owner, parameters=parameters))

    assert run.status.startswith(status)
    assert (run.figures or {}).get("allocation") == allocation
