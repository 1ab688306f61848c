"""Rows of the analytics app, and months of sales and spend to calculate with."""

import datetime as dt
import itertools
from decimal import Decimal
from importlib import import_module
from typing import Any

from django.utils import timezone

from analytics.models import ReportIssue, ReportSchedule, Run
from analytics.services.calculations import MODULES
from crm.models import Channel, User
from tests.factories.crm import make_channel, make_contact, make_purchase, make_spend

# Loaded before the first run: inside a test's transaction the thread that renews the lease would
# wait for the database as soon as a run lasts a second, and loading the numerics takes longer.
for _module in MODULES.values():
    import_module(_module)

_numbers = itertools.count(1)

# The ten months of the worked example, in ten-thousands.
SPEND = (5, 7, 9, 6, 8, 10, 7, 9, 6, 8)
SALES = (8, 11, 13, 9, 12, 15, 10, 14, 9, 12)
FIRST_MONTH = dt.date(2026, 1, 1)
EXAMPLE_PARAMETERS = {
    "currency": "CNY",
    "start": "2026-01",
    "end": "2026-10",
    "channels": [],
    "channel_names": [],
    "combine": True,
    "forecast": {"spend_amount": "10"},
}


def make_example_months(owner: User, channel: Channel | None = None) -> None:
    """Ten months of spend, and of sales to a customer of `owner`."""
    channel = channel or make_channel()
    customer = make_contact(owner=owner)
    for number, (spend, sales) in enumerate(zip(SPEND, SALES, strict=True)):
        month = FIRST_MONTH.replace(month=FIRST_MONTH.month + number)
        make_spend(channel=channel, month=month, amount=Decimal(spend), currency="CNY")
        make_purchase(
            contact=customer,
            purchased_on=month.replace(day=15),
            amount=Decimal(sales),
            currency="CNY",
        )


def make_run(**fields: Any) -> Run:
    """A waiting regression; `status="ok"` makes a finished one with figures."""
    fields.setdefault("kind", Run.Kind.REGRESSION)
    fields.setdefault("parameters", EXAMPLE_PARAMETERS)
    return Run.objects.create(**fields)


def make_score_run(score: str = "7.1", **fields: Any) -> Run:
    """A finished meeting effect score."""
    fields = {
        "kind": Run.Kind.SCORE,
        "status": Run.Status.OK,
        "subject_title": f"Meeting {next(_numbers)}",
        "parameters": {},
        "figures": {
            "score": score,
            "score_range": ["6.9", "7.3"],
            "contributions": {"attendance": "3.2"},
            "indicators": {
                "attendance": {
                    "mapped": "8",
                    "contribution": "3.2",
                    "weight": "0.4",
                    "value": "8",
                    "n": 10,
                }
            },
            "weights_version": "1",
        },
        "progress": 100,
        "stage": Run.Stage.FINISHED,
        "finished_at": timezone.now(),
    } | fields
    return Run.objects.create(**fields)


def make_schedule(
    owner: User, *, recipients: list[User] | None = None, **fields: Any
) -> ReportSchedule:
    fields = {
        "title": f"Report {next(_numbers)}",
        "time_zone": "Asia/Shanghai",
        "local_time": dt.time(8, 0),
        "currency": "CNY",
        "months": 10,
    } | fields
    schedule = ReportSchedule.objects.create(owner=owner, **fields)
    schedule.recipients.set([owner] if recipients is None else recipients)
    return schedule


def make_issue(schedule: ReportSchedule, **fields: Any) -> ReportIssue:
    fields = {"period": f"period-{next(_numbers)}", "due_at": timezone.now()} | fields
    return ReportIssue.objects.create(schedule=schedule, **fields)
