"""The best split of a budget over channels, and what each limit is worth."""

from analytics.estimators.budget.allocate import allocate_budget
from analytics.estimators.budget.spec import (
    BudgetResult,
    BudgetSpec,
    Channel,
    Comparison,
    Constraint,
    Relaxation,
    Rung,
    ShadowPrice,
)

__all__ = [
    "BudgetResult",
    "BudgetSpec",
    "Channel",
    "Comparison",
    "Constraint",
    "Relaxation",
    "Rung",
    "ShadowPrice",
    "allocate_budget",
]
