"""The chart of a segmentation: how large the segments are."""

from typing import Any

import altair as alt
from django.utils.translation import gettext as _

from analytics.charts.drawing import Drawing, Table, show_number


def draw_sizes(data: dict[str, Any]) -> Drawing:
    """data: rows [{label, size, share}]."""
    values = [
        {"name": _("Segment %(number)s") % {"number": row["label"] + 1}, "size": row["size"]}
        for row in data["rows"]
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(height=22)
        .encode(
            x=alt.X("size:Q", title=_("Customers")),
            y=alt.Y("name:N", title=None, sort=None),
            tooltip=[
                alt.Tooltip("name:N", title=_("Segment")),
                alt.Tooltip("size:Q", title=_("Customers")),
            ],
        )
        .properties(width=560, height=40 + 36 * len(values))
    )
    spec = chart.to_dict()
    spec.pop("config", None)
    return Drawing(
        kind="segment_sizes",
        title=_("Size of the segments"),
        alt=_("Bar chart of %(n)s segments and the number of customers in each.")
        % {"n": len(values)},
        spec=spec,
        table=Table(
            headers=[_("Segment"), _("Customers"), _("Share in percent")],
            rows=[
                [value["name"], show_number(row["size"], 9), show_number(100 * row["share"], 3)]
                for value, row in zip(values, data["rows"], strict=True)
            ],
        ),
    )
