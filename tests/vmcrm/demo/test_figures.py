"""The demonstration's own analyses, carried out on the demonstration's own rows."""

from django.core.management import call_command

from analytics.datasets import collect
from analytics.models import ReportIssue, Run
from analytics.services.calculations import calculate
from vmcrm.demo.money import SALES_PER_UNIT_OF_SPEND


def test_demo_analyses_all_answer_and_a_report_waits_for_one(db, settings, tmp_path):
    settings.HOME = tmp_path
    call_command("seed_demo")

    answers = {
        run.kind: calculate(
            kind=run.kind,
            snapshot=collect(kind=run.kind, user=run.requested_by, parameters=run.parameters),
            parameters=run.parameters,
            seed=run.seed,
        )
        for run in Run.objects.filter(request_key__startswith="demo:")
    }

    assert {kind: answer.status for kind, answer in answers.items()} == {
        "regression": "ok_with_warnings",
        "segments": "ok",
        "budget": "ok",
    }
    slope = float(answers["regression"].figures["coefficients"]["spend_amount"]["estimate"])
    assert 1 < slope < max(SALES_PER_UNIT_OF_SPEND.values())
    assert len(answers["segments"].figures["segments"]) >= 2
    assert ReportIssue.objects.get().run.status == Run.Status.QUEUED
