"""Least squares with honest errors, checks of its assumptions, and forecasts."""

from analytics.estimators.regression.estimate import estimate_regression
from analytics.estimators.regression.spec import (
    Coefficient,
    Diagnostics,
    Forecast,
    InfluentialRow,
    RegressionResult,
    RegressionSpec,
)

__all__ = [
    "Coefficient",
    "Diagnostics",
    "Forecast",
    "InfluentialRow",
    "RegressionResult",
    "RegressionSpec",
    "estimate_regression",
]
