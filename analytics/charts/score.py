"""The chart of a meeting effect score: what each indicator adds, and could add."""

from typing import Any

import altair as alt
from django.utils.translation import gettext as _

from analytics.charts.drawing import Drawing, Table, show_number
from analytics.labels import label_indicator


def draw_contributions(data: dict[str, Any]) -> Drawing:
    """data: score, rows [{name, weight, mapped, contribution}] (decimals as text)."""
    reached, left = _("Reached"), _("Possible")
    names = [label_indicator(row["name"]) for row in data["rows"]]
    values = []
    for name, row in zip(names, data["rows"], strict=True):
        got, top = float(row["contribution"]), float(row["weight"]) * 10
        values.append({"name": name, "part": reached, "points": got, "order": 0})
        values.append({"name": name, "part": left, "points": max(0.0, top - got), "order": 1})
    x_title = _("Points of the score (all indicators together: 10)")
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(height=22)
        .encode(
            x=alt.X("points:Q", title=x_title),
            y=alt.Y("name:N", title=None, sort=names),
            color=alt.Color("part:N", sort=[reached, left]),
            opacity=alt.Opacity(
                "order:O", scale=alt.Scale(domain=[0, 1], range=[1, 0.25]), legend=None
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("name:N", title=_("Indicator")),
                alt.Tooltip("part:N", title=_("Part")),
                alt.Tooltip("points:Q", title=_("Points"), format=".2f"),
            ],
        )
        .properties(width=560, height=40 + 44 * len(names))
    )
    spec = chart.to_dict()
    spec.pop("config", None)
    return Drawing(
        kind="contributions",
        title=_("What makes up the score"),
        alt=_(
            "Bar chart of %(n)s indicators: the points each adds to the score of %(score)s, and "
            "the points it could add."
        )
        % {"n": len(names), "score": show_number(data["score"])},
        spec=spec,
        table=Table(
            headers=[_("Indicator"), _("Value from 0 to 10"), _("Weight"), _("Points")],
            rows=[
                [name, *(show_number(row[key]) for key in ("mapped", "weight", "contribution"))]
                for name, row in zip(names, data["rows"], strict=True)
            ],
        ),
    )
