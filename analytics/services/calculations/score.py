"""The effect score of a meeting."""

from decimal import Decimal

from analytics.datasets import Snapshot
from analytics.estimators.score import Indicator, ScoreSpec, score_meeting
from analytics.services.calculations.answer import Calculation, Parameters, store


def answer(snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    spec = ScoreSpec(
        indicators=tuple(
            Indicator(
                name=row["indicator"] or "",
                weight=Decimal(row["weight"] or 0),
                value=None if row["value"] is None else Decimal(row["value"]),
                scale=(Decimal(row["low"] or 0), Decimal(row["high"] or 0)),
                n=int(row["n"] or 0),
            )
            for row in snapshot.rows
        ),
        weights_version=str(snapshot.facts.get("weights_version", "")),
        may_leave_out=True,  # nobody can enter what no guest has said
    )
    result = score_meeting(spec)
    figures = result.to_dict()
    rows = [{"name": name, **part} for name, part in figures["indicators"].items()]
    chart = {"kind": "contributions", "data": {"score": figures["score"], "rows": rows}}
    return store(result, [chart])
