"""The demonstration's own analyses and report, carried out."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from analytics.models import ReportIssue, Run
from analytics.services.execution import execute_run
from analytics.services.reports import mail_finished_issues
from crm.models import Delivery
from vmcrm.demo.money import SALES_PER_UNIT_OF_SPEND


# Runs renew their lease from a thread of its own, which sees committed rows only.
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_demo_analyses_all_answer_and_the_report_is_on_its_way(settings, tmp_path):
    settings.HOME = tmp_path
    call_command("seed_demo")

    for run in Run.objects.filter(kind__in=["regression", "segments", "budget"]):
        execute_run(run_id=run.pk)
    mailed = mail_finished_issues(now=timezone.now())

    runs = {run.kind: run for run in Run.objects.filter(request_key__startswith="demo:")}
    assert {kind: run.status for kind, run in runs.items() if not run.status.startswith("ok")} == {}
    assert set(runs) == {"regression", "segments", "budget"}
    slope = float(runs["regression"].figures["coefficients"]["spend_amount"]["estimate"])
    assert 1 < slope < max(SALES_PER_UNIT_OF_SPEND.values())
    assert len(runs["segments"].figures["segments"]) >= 2
    assert mailed == 1
    assert ReportIssue.objects.get().state == ReportIssue.State.MAILED
    assert Delivery.objects.filter(composer="analytics_report").count() == 1
