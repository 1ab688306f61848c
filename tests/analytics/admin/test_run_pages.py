"""The pages of runs: who gets in, what they say, what their buttons do."""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.models import Run
from analytics.services import execution
from crm.models import User
from tests.factories.analytics import (
    EXAMPLE_PARAMETERS,
    make_example_months,
    make_run,
    make_score_run,
)
from tests.factories.crm import make_channel

LIST = reverse("admin:analytics_run_changelist")
ADD = reverse("admin:analytics_run_add")


def page_of(run: Run) -> str:
    return reverse("admin:analytics_run_change", args=[run.pk])


@pytest.fixture
def open_as(client: Client) -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def finished(owner: User) -> Run:
    make_example_months(owner)
    run = make_run(requested_by=owner)
    execution.execute_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def test_page_begins_with_the_verdict_and_shows_figures_and_inputs(
    finished: Run, owner: User, open_as: Callable[[User], Client]
):
    html = open_as(owner).get(page_of(finished)).content.decode()

    verdict = html.index("One more CNY of spend goes with about 1.44 CNY of sales")
    assert verdict < html.index('data-finding="few_rows') if "few_rows" in html else True
    assert verdict < html.index('data-chart="chart-spec-spend_line"') < html.index("Coefficients")
    assert finished.dataset_sha256 in html
    assert "14.911" in html
    assert "Spend, all channels" in html
    assert "spend_amount</" not in html


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("owner", 200),
        ("manager", 200),
        ("auditor", 200),
        ("marketer", 200),
        ("teammate", 404),
        ("stranger", 404),
    ],
)
@pytest.mark.parametrize("name", ["change", "json", "csv", "rows"])
def test_run_is_open_to_those_who_may_see_it(
    request: pytest.FixtureRequest,
    owner: User,
    open_as: Callable[[User], Client],
    person: str,
    status: int,
    name: str,
):
    run = make_score_run(requested_by=owner)

    response = open_as(request.getfixturevalue(person)).get(
        reverse(f"admin:analytics_run_{name}", args=[run.pk])
    )

    assert response.status_code == status


@pytest.mark.parametrize("person", ["teammate", "stranger"])
@pytest.mark.parametrize("name", ["cancel", "repeat"])
def test_stranger_finds_no_run_to_steer(
    request: pytest.FixtureRequest,
    owner: User,
    open_as: Callable[[User], Client],
    person: str,
    name: str,
):
    run = make_run(requested_by=owner)

    response = open_as(request.getfixturevalue(person)).post(
        reverse(f"admin:analytics_run_{name}", args=[run.pk])
    )

    run.refresh_from_db()
    assert response.status_code == 404
    assert run.status == "queued"
    assert Run.objects.count() == 1


def test_auditor_reads_and_does_not_start_or_cancel(
    owner: User, auditor: User, open_as: Callable[[User], Client]
):
    run = make_run(requested_by=owner)
    client = open_as(auditor)

    client.post(reverse("admin:analytics_run_cancel", args=[run.pk]))

    run.refresh_from_db()
    assert run.status == "queued"
    assert client.get(f"{ADD}?kind=regression").status_code == 403


def test_list_shows_own_runs_only_and_costs_the_same_for_many(
    owner: User, stranger: User, open_as: Callable[[User], Client]
):
    make_score_run(requested_by=stranger, subject_title="Of a stranger")
    make_score_run(requested_by=owner, subject_title="Mine")
    client = open_as(owner)
    client.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as for_one:
        client.get(LIST)
    make_score_run(requested_by=owner)
    make_score_run(requested_by=owner)

    with CaptureQueriesContext(connection) as for_three:
        html = client.get(LIST).content.decode()

    assert "Mine" in html
    assert "Of a stranger" not in html
    assert len(for_three) == len(for_one)


def test_empty_list_says_what_to_do_first(owner: User, open_as: Callable[[User], Client]):
    html = open_as(owner).get(LIST).content.decode()

    assert "Nothing has been calculated yet." in html
    assert ADD in html


def test_new_run_begins_with_the_choice_of_a_kind(owner: User, open_as: Callable[[User], Client]):
    html = open_as(owner).get(ADD).content.decode()

    assert re.findall(r'href="\?kind=(\w+)"', html) == ["regression", "segments", "budget"]


def test_form_starts_a_run_once_however_often_it_is_sent(
    owner: User, open_as: Callable[[User], Client]
):
    channel = make_channel()
    client = open_as(owner)
    answers = {
        "request_key": "one-click",
        "name": "Ten months of ads",
        "currency": "CNY",
        "start": "2026-01",
        "end": "2026-10",
        "channels": [str(channel.pk)],
        "combine": "on",
        "forecast_spend": "10.50",
        "meeting_controls": ["meeting_guests"],
        "own_figures": "month;price\n2026-01;19.90\n2026-02;21",
    }

    first = client.post(f"{ADD}?kind=regression", answers)
    second = client.post(f"{ADD}?kind=regression", answers)

    run = Run.objects.get()
    assert first.url == second.url == page_of(run)
    assert (run.requested_by, run.title) == (owner, "Ten months of ads")
    assert run.parameters == {
        "currency": "CNY",
        "start": "2026-01",
        "end": "2026-10",
        "channels": [channel.pk],
        "channel_names": [channel.name],
        "combine": True,
        "forecast": {"spend_amount": "10.5"},
        "meeting_controls": ["meeting_guests"],
        "own_figures": {"price": {"2026-01": "19.90", "2026-02": "21"}},
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"end": "2025-10"}, "The last month lies before the first."),
        ({"start": "January"}, "Write a month as 2026-01."),
        ({"currency": "yuan"}, "Write the three capital letters of a currency"),
        ({"combine": ""}, "A forecast at one spend needs the channels added up."),
        ({"start": "1990-01"}, "Ask for twenty years at most."),
        ({"channels": ["999"]}, "Select a valid choice."),
        ({"own_figures": "2026-01;3"}, "Write a first line with the names"),
        ({"own_figures": "month;price\nJanuary;3"}, "Line 2 should begin with a month"),
        ({"own_figures": "month;price\n2026-01;cheap"}, "Line 2 should have as many numbers"),
        ({"own_figures": "month;price\n2026-01;19,90"}, "with a point before their decimals"),
        ({"own_figures": ";;"}, "Write a first line with the names"),
        ({"own_figures": "month;price\n2026-01;" + "9" * 200_000}, "This is not a table."),
        ({"own_figures": "month;price\n2026-01;3\n2026-01;4"}, "Month 2026-01 comes twice."),
        ({"own_figures": "month;spend_amount\n2026-01;3"}, "Choose another name"),
    ],
)
def test_form_refuses_with_a_sentence(
    owner: User, open_as: Callable[[User], Client], change: dict[str, str], sentence: str
):
    answers = {
        "currency": "CNY",
        "start": "2026-01",
        "end": "2026-10",
        "combine": "on",
        "forecast_spend": "10",
    }

    response = open_as(owner).post(f"{ADD}?kind=regression", answers | change)

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not Run.objects.exists()


def test_budget_form_takes_its_table(owner: User, open_as: Callable[[User], Client]):
    answers = {
        "currency": "CNY",
        "total": "60",
        "unit": "per_unit",
        "channels-TOTAL_FORMS": "3",
        "channels-INITIAL_FORMS": "0",
        "channels-0-name": "Online ads",
        "channels-0-effect": "10",
        "channels-0-cap": "30",
        "channels-1-name": "Social media",
        "channels-1-effect": "8",
        "channels-1-cap": "20",
    }

    open_as(owner).post(f"{ADD}?kind=budget", answers)

    assert Run.objects.get().parameters["channels"] == [
        {"name": "Online ads", "effect": "10", "cap": "30", "floor": None},
        {"name": "Social media", "effect": "8", "cap": "20", "floor": None},
    ]


def test_budget_form_without_channels_is_refused(owner: User, open_as: Callable[[User], Client]):
    answers = {
        "currency": "CNY",
        "total": "60",
        "unit": "per_unit",
        "channels-TOTAL_FORMS": "1",
        "channels-INITIAL_FORMS": "0",
    }

    html = open_as(owner).post(f"{ADD}?kind=budget", answers).content.decode()

    assert "Name at least one channel." in html
    assert not Run.objects.exists()


def test_refused_run_says_why_and_shows_no_figures(owner: User, open_as: Callable[[User], Client]):
    make_example_months(owner)
    run = make_run(requested_by=owner, parameters=EXAMPLE_PARAMETERS | {"end": "2026-02"})
    execution.execute_run(run_id=run.pk)

    html = open_as(owner).get(page_of(run)).content.decode()

    assert "No figures:" in html
    assert "Reason for the refusal:" in html
    assert "Coefficients" not in html


def test_waiting_run_shows_live_progress_and_can_be_cancelled(
    owner: User, open_as: Callable[[User], Client]
):
    run = make_run(requested_by=owner)
    client = open_as(owner)

    html = client.get(page_of(run)).content.decode()
    client.post(reverse("admin:analytics_run_cancel", args=[run.pk]))

    run.refresh_from_db()
    assert 'aria-live="polite"' in html
    assert f"/api/analytics/runs/{run.public_id}/progress/" in html
    assert run.status == "cancelled"
    assert "was cancelled before it had a result" in client.get(page_of(run)).content.decode()


def test_repeat_button_makes_a_linked_run_on_the_same_rows(
    finished: Run, owner: User, open_as: Callable[[User], Client]
):
    client = open_as(owner)

    client.post(
        reverse("admin:analytics_run_repeat", args=[finished.pk]),
        {"data": "same", "request_key": "again"},
    )

    again = Run.objects.exclude(pk=finished.pk).get()
    execution.execute_run(run_id=again.pk)
    html = client.get(
        reverse("admin:analytics_run_compare", args=[again.pk, finished.pk])
    ).content.decode()
    assert again.predecessor == finished
    assert again.dataset == finished.dataset
    assert "Both runs have the same figures, to the last digit." in html


def test_runs_of_two_kinds_are_not_compared(
    finished: Run, owner: User, open_as: Callable[[User], Client]
):
    score = make_score_run(requested_by=owner)

    response = open_as(owner).get(
        reverse("admin:analytics_run_compare", args=[finished.pk, score.pk])
    )

    assert response.status_code == 403


def test_json_export_keeps_every_digit(
    finished: Run, owner: User, open_as: Callable[[User], Client]
):
    response = open_as(owner).get(reverse("admin:analytics_run_json", args=[finished.pk]))

    content = json.loads(response.content)
    assert content["figures"] == finished.figures
    assert content["dataset"] == finished.dataset
    assert content["findings"][0]["sentence"]


def test_csv_exports_hold_tables_and_rows_and_run_no_formulas(
    finished: Run, owner: User, open_as: Callable[[User], Client]
):
    rows = [{**finished.dataset["rows"][0], "period": "=1+1"}]
    Run.objects.filter(pk=finished.pk).update(dataset=finished.dataset | {"rows": rows})
    client = open_as(owner)

    figures = client.get(reverse("admin:analytics_run_csv", args=[finished.pk]))
    inputs = client.get(reverse("admin:analytics_run_rows", args=[finished.pk]))

    lines = list(csv.reader(io.StringIO(figures.content.decode("utf-8-sig"))))
    assert lines[0] == ["Coefficients"]
    assert lines[2][0] == "Base level (no spend)"
    assert list(csv.reader(io.StringIO(inputs.content.decode("utf-8-sig")))) == [
        ["period", "sales_amount", "spend_amount"],
        ["'=1+1", "8", "5"],
    ]


def test_long_snapshot_is_paged(owner: User, open_as: Callable[[User], Client]):
    rows = [{"key": f"row-{number:03d}"} for number in range(120)]
    run = make_score_run(
        requested_by=owner,
        dataset={
            "columns": [{"name": "key", "unit": ""}],
            "rows": rows,
            "dropped": [],
            "facts": {},
        },
    )

    html = open_as(owner).get(f"{page_of(run)}?rows=3").content.decode()

    assert re.findall(r"row-\d+", html) == [f"row-{number:03d}" for number in range(100, 120)]
    assert "Page 3 of 3" in html


def test_page_answers_in_chinese_frame(finished: Run, owner: User, client: Client):
    owner.language = "zh-hans"
    owner.save()
    client.force_login(owner)

    html = client.get(page_of(finished), headers={"accept-language": "zh-hans"}).content.decode()

    assert 'lang="zh-hans"' in html


def test_page_of_a_run_costs_few_queries(
    finished: Run, owner: User, open_as: Callable[[User], Client]
):
    client = open_as(owner)
    client.get(page_of(finished))

    with CaptureQueriesContext(connection) as queries:
        client.get(page_of(finished))

    assert len(queries) <= 12
