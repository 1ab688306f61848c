"""The best split of a budget over channels."""

from analytics.datasets import Snapshot
from analytics.estimators.budget.allocate import allocate_budget
from analytics.estimators.budget.spec import BudgetSpec, Channel
from analytics.services.calculations.answer import Calculation, Parameters, store


def answer(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    currency = parameters["currency"]
    spec = BudgetSpec(
        unit=parameters["unit"],
        total=float(parameters["total"]),
        channels=tuple(
            Channel(
                name=row["name"] or "",
                effect=_float(row["effect"]),
                cap=_float(row["cap"]),
                floor=_float(row["floor"]) or 0.0,
            )
            for row in snapshot.rows
        ),
        currency=currency,
    )
    result = allocate_budget(spec)
    caps = {channel.name: channel.cap for channel in spec.channels}
    allocation = [
        {"name": name, "amount": amount, "cap": caps[name]}
        for name, amount in result.allocation.items()
    ]
    rungs = {rung.total: rung for rung in (*result.turns, *result.ladder)}
    ladder = [
        {"total": total, "objective": rung.objective, "allocation": dict(rung.allocation)}
        for total, rung in sorted(rungs.items())
        if rung.allocation is not None
    ]
    return store(
        result,
        [
            {"kind": "allocation", "data": {"currency": currency, "rows": allocation}},
            {"kind": "budget_ladder", "data": {"currency": currency, "rows": ladder}},
        ],
    )


def _float(text: str | None) -> float | None:
    return None if text in (None, "") else float(text or 0)
