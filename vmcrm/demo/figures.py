"""The first figures: analyses that wait for the worker, and a report for Monday.

They are asked for like those of a person and calculated after the first start, by the worker.
"""

from datetime import date, time
from typing import Any

from analytics.models import ReportSchedule, Run
from analytics.services import reports, runs
from crm.models import User
from vmcrm.demo.money import CHANNELS, CURRENCY, list_months

FORECAST_SPEND = "50000"
BUDGET_TOTAL = "90000"
# New customers for a thousand: what a company would put down after a year of watching.
NEW_CUSTOMERS_PER_THOUSAND = {
    "Online ads": "1.9",
    "Social media": "1.4",
    "Newsletter": "2.6",
    "Trade forums": "1.1",
    "Offline events": "1.6",
    "Partners": "2.2",
}


def create_figures(today: date, users: dict[str, User]) -> None:
    """One run of each kind that people start, and a weekly report with its first issue."""
    manager = users["marta"]
    for kind, parameters in list_analyses(today).items():
        runs.request_run(
            kind=kind,
            requested_by=manager,
            parameters=parameters,
            request_key=f"demo:{kind}",
        )
    schedule = reports.save_schedule(
        schedule=ReportSchedule(
            title="Monday figures",
            owner=manager,
            local_time=time(8),
            time_zone=manager.time_zone,
            currency=CURRENCY,
        ),
        user=manager,
        recipients=[manager],
    )
    reports.begin_sample(schedule=schedule, user=manager)


def list_analyses(today: date) -> dict[Run.Kind, dict[str, Any]]:
    """Parameters by kind, as the forms of the administration would store them."""
    months = list_months(today)
    return {
        Run.Kind.REGRESSION: {
            "currency": CURRENCY,
            "start": f"{months[0]:%Y-%m}",
            "end": f"{months[-1]:%Y-%m}",
            "channels": [],
            "channel_names": [],
            "combine": True,
            "forecast": {"spend_amount": FORECAST_SPEND},
        },
        Run.Kind.SEGMENTS: {"source": "", "k": None},
        Run.Kind.BUDGET: {
            "currency": CURRENCY,
            "total": BUDGET_TOTAL,
            "unit": "per_unit",
            "channels": [
                {
                    "name": name,
                    "effect": f"{float(NEW_CUSTOMERS_PER_THOUSAND[name]) / 1000:.4f}",
                    "cap": str(2 * most),
                    "floor": None,
                }
                for name, (_, _, most) in CHANNELS.items()
            ],
        },
    }
