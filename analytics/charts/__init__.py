"""Charts: a run stores what to draw as data; here it becomes a picture in the reader's language.

One definition serves the page (interactive Vega-Lite), the mail (PNG) and the export.
"""

from typing import Any

from analytics.charts.drawing import Drawing, Table
from analytics.charts.themes import THEMES, theme_of

__all__ = ["THEMES", "Drawing", "Table", "draw", "theme_of"]


def draw(chart: dict[str, Any]) -> Drawing:
    """The picture of `{"kind": ..., "data": ...}` with titles in the active language."""
    # Altair takes most of a second to import: processes that draw nothing start without it.
    from analytics.charts import kinds

    return kinds.draw(chart)
