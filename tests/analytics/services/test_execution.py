"""One run from waiting to figures, and everything that can happen on the way."""

import datetime as dt

import pytest
from django.utils import timezone

from analytics.datasets import collect
from analytics.models import Run
from analytics.services import execution, runs
from crm.models import Purchase, User
from crm.services import leases
from meetings.services import closing
from tests.factories.analytics import EXAMPLE_PARAMETERS, make_example_months, make_run
from tests.factories.crm import make_channel, make_spend
from tests.factories.meetings import make_past_meeting


@pytest.fixture
def example_run(owner: User) -> Run:
    make_example_months(owner)
    return make_run(requested_by=owner)


def execute(run: Run) -> Run:
    execution.execute_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def test_run_with_the_worked_example_gives_its_figures(example_run: Run):
    run = execute(example_run)

    # By hand: Sxy = 32.5 and Sxx = 22.5, so 13/9 for each unit; the means are 7.5 and 11.3.
    assert run.status in ("ok", "ok_with_warnings")
    coefficients = run.figures["coefficients"]
    assert coefficients["spend_amount"]["estimate"] == pytest.approx(13 / 9, abs=1e-12)
    assert coefficients["const"]["estimate"] == pytest.approx(7 / 15, abs=1e-11)
    assert run.figures["forecast"][0]["mean"] == pytest.approx(671 / 45, abs=1e-11)
    assert run.rows_in == 10
    assert run.rows_dropped == 0
    assert run.progress == 100
    assert run.finished_at is not None
    assert run.lease_until is None


def test_run_names_everything_needed_to_repeat_it(example_run: Run):
    run = execute(example_run)

    assert len(run.dataset_sha256) == 64
    assert run.dataset["rows"][0] == {
        "period": "2026-01",
        "sales_amount": "8",
        "spend_amount": "5",
    }
    assert run.dataset_frozen_at is not None
    assert len(run.code_version) == 16
    assert {"python", "numpy", "scipy", "statsmodels", "scikit-learn"} == set(run.library_versions)


def test_finished_run_executed_again_changes_nothing(example_run: Run):
    before = execute(example_run).finished_at

    status = execution.execute_run(run_id=example_run.pk)

    example_run.refresh_from_db()
    assert status is None
    assert example_run.finished_at == before
    assert example_run.attempts == 1
    assert example_run.lease_until is None


def test_run_held_by_another_worker_is_left_alone(example_run: Run):
    token = leases.claim(Run, example_run.pk)

    status = execution.execute_run(run_id=example_run.pk)

    example_run.refresh_from_db()
    assert status is None
    assert example_run.status == "queued"
    assert example_run.lease_token == token


def test_run_whose_worker_died_is_taken_up_with_its_frozen_rows(example_run: Run):
    execute(example_run)
    first = Run.objects.get(pk=example_run.pk)
    Run.objects.filter(pk=example_run.pk).update(
        status="running",
        figures=None,
        finished_at=None,
        attempts=1,
        lease_token="dead",
        lease_until=timezone.now() - dt.timedelta(seconds=1),
    )
    Purchase.objects.all().delete()

    run = execute(example_run)

    assert run.figures == first.figures
    assert run.dataset_sha256 == first.dataset_sha256
    assert run.attempts == 2


def test_run_that_killed_three_workers_is_given_up(example_run: Run):
    Run.objects.filter(pk=example_run.pk).update(status="running", attempts=3)

    run = execute(example_run)

    assert run.status == "failed"
    assert run.failure == "attempts"
    assert run.figures is None


def test_cancelled_run_is_never_calculated(example_run: Run, owner: User):
    assert runs.cancel_run(run=example_run, user=owner) is True

    run = execute(example_run)

    assert run.status == "cancelled"
    assert run.figures is None


def test_run_cancelled_while_it_is_calculated_stays_cancelled(example_run: Run, owner: User):
    token = leases.claim(Run, example_run.pk)
    worker = execution.Attempt(example_run.pk, token)
    run = worker.begin()
    runs.cancel_run(run=run, user=owner)

    with pytest.raises(execution.LeaseLostError):
        worker.calculate(run)

    run.refresh_from_db()
    assert run.status == "cancelled"
    assert run.figures is None


def test_too_few_months_are_refused_without_figures(owner: User):
    make_example_months(owner)
    run = make_run(requested_by=owner, parameters=EXAMPLE_PARAMETERS | {"end": "2026-02"})

    execute(run)

    assert run.status == "refused"
    assert run.figures is None
    assert [finding["severity"] for finding in run.findings] == ["refuse"]


def test_months_without_records_are_left_out_and_named(owner: User):
    make_example_months(owner)
    Purchase.objects.filter(purchased_on__month=10).delete()
    run = make_run(requested_by=owner, parameters=EXAMPLE_PARAMETERS | {"end": "2026-11"})

    execute(run)

    assert run.rows_in == 9
    assert run.rows_dropped == 2
    assert run.dataset["dropped"] == [
        {"key": "2026-10", "reason": "no_sales"},
        {"key": "2026-11", "reason": "no_spend"},
    ]


def test_run_counts_only_what_its_owner_may_see(owner: User, stranger: User):
    make_example_months(stranger)
    mine = make_run(requested_by=owner)
    theirs = make_run(requested_by=stranger)

    execute(mine)
    execute(theirs)

    assert theirs.rows_in == 10
    assert mine.rows_in == 0


def test_run_whose_requester_is_gone_fails_with_a_clean_sentence(
    example_run: Run, caplog: pytest.LogCaptureFixture
):
    Run.objects.filter(pk=example_run.pk).update(requested_by=None)

    run = execute(example_run)

    assert run.status == "failed"
    assert run.get_failure_display() == "The data could not be read."
    assert "The person who asked for this run is gone." in caplog.text


def test_unexpected_error_is_in_the_log_and_not_on_the_page(
    example_run: Run, caplog: pytest.LogCaptureFixture
):
    Run.objects.filter(pk=example_run.pk).update(dataset={"rows": "broken"})

    run = execute(example_run)

    assert run.status == "failed"
    assert run.failure == "internal"
    assert "Traceback" in caplog.text
    assert "Traceback" not in str(run.get_failure_display())


def test_regression_on_several_channels_has_one_coefficient_each(owner: User):
    make_example_months(owner, make_channel(name="Ads"))
    fair = make_channel(name="Fair")
    for month in range(1, 11):
        make_spend(
            channel=fair,
            month=dt.date(2026, month, 1),
            amount=month * month % 7 + 1,
            currency="CNY",
        )
    run = make_run(
        requested_by=owner, parameters=EXAMPLE_PARAMETERS | {"combine": False, "forecast": {}}
    )

    execute(run)

    assert set(run.figures["coefficients"]) == {"const", "Ads", "Fair"}
    assert [chart["kind"] for chart in run.charts] == ["fit_over_time", "coefficients"]


def test_meetings_and_own_figures_are_taken_out_of_the_months(owner: User):
    make_example_months(owner)
    held = make_past_meeting(host=owner, starts_at=dt.datetime(2026, 3, 5, 10, tzinfo=dt.UTC))
    closing.close_meeting(meeting=held)
    prices = {f"2026-{month:02d}": str(20 + month * month % 5) for month in range(1, 11)}
    run = make_run(
        requested_by=owner,
        parameters=EXAMPLE_PARAMETERS
        | {"meeting_controls": ["meetings_held"], "own_figures": {"price": prices}},
    )

    snapshot = collect(kind="regression", user=owner, parameters=run.parameters)
    execute(run)

    assert snapshot.facts == {"controls": ["meetings_held", "price"]}
    assert [row["meetings_held"] for row in snapshot.rows] == ["0", "0", "1", *["0"] * 7]
    assert [row["price"] for row in snapshot.rows] == list(prices.values())
    assert run.status == "refused"
    assert [finding["code"] for finding in run.findings] == ["leverage_of_one"]


def test_own_figures_are_reported_apart_from_the_channels(owner: User):
    make_example_months(owner)
    prices = {f"2026-{month:02d}": str(20 + month * month % 5) for month in range(1, 11)}
    run = make_run(
        requested_by=owner, parameters=EXAMPLE_PARAMETERS | {"own_figures": {"price": prices}}
    )

    execute(run)

    assert set(run.figures["coefficients"]) == {"const", "spend_amount"}
    assert set(run.figures["controls"]) == {"price"}


def test_month_without_an_own_figure_is_refused_by_its_row(owner: User):
    make_example_months(owner)
    prices = {f"2026-{month:02d}": str(month) for month in range(1, 10)}
    run = make_run(
        requested_by=owner, parameters=EXAMPLE_PARAMETERS | {"own_figures": {"price": prices}}
    )

    execute(run)

    assert run.status == "refused"
    assert run.findings[0]["parameters"]["rows"] == [10]
