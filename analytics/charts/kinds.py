"""Which function draws which kind of chart."""

from collections.abc import Callable
from typing import Any

from analytics.charts import budget, regression, score, segments
from analytics.charts.drawing import Drawing

_KINDS: dict[str, Callable[[dict[str, Any]], Drawing]] = {
    "spend_line": regression.draw_spend_line,
    "fit_over_time": regression.draw_fit_over_time,
    "coefficients": regression.draw_coefficients,
    "contributions": score.draw_contributions,
    "segment_sizes": segments.draw_sizes,
    "allocation": budget.draw_allocation,
    "budget_ladder": budget.draw_ladder,
}


def draw(chart: dict[str, Any]) -> Drawing:
    return _KINDS[chart["kind"]](chart["data"])
