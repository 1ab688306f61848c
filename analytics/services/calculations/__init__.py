"""From a snapshot to figures, findings and charts: one module for each kind of run.

Everything here is a pure function of snapshot, parameters and seed.
"""

from collections.abc import Callable
from importlib import import_module

from analytics.datasets import Snapshot
from analytics.estimators.errors import Refused
from analytics.services.calculations.answer import Calculation, Parameters

__all__ = ["Calculation", "calculate"]

# By name, because numpy, statsmodels and scikit-learn take seconds to import: a worker loads what
# its run needs, a web process nothing.
MODULES = {
    "regression": "analytics.services.calculations.regression",
    "segments": "analytics.services.calculations.segments",
    "budget": "analytics.services.calculations.budget",
    "score": "analytics.services.calculations.score",
}


def calculate(*, kind: str, snapshot: Snapshot, parameters: Parameters, seed: int) -> Calculation:
    """Equal arguments give equal bits: estimators keep to one thread, and chance to the seed."""
    answer: Callable[[Snapshot, Parameters, int], Calculation] = import_module(MODULES[kind]).answer
    try:
        return answer(snapshot, parameters, seed)
    except Refused as refusal:
        given = refusal.to_dict()
        status, findings = given.pop("status"), given.pop("findings")
        return Calculation(status=status, findings=findings, figures=given or None)
