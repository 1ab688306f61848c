"""Charts of a budget: the best allocation under its caps, and the ladder of smaller totals."""

from typing import Any

import altair as alt
from django.utils.translation import gettext as _

from analytics.charts.drawing import Drawing, Table, show_number


def draw_allocation(data: dict[str, Any]) -> Drawing:
    """data: currency, rows [{name, amount, cap}]; a cap may be absent."""
    rows = data["rows"]
    title = _("Spend (%(currency)s)") % {"currency": data["currency"]}
    y = alt.Y("name:N", title=None, sort=None)
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(height=22)
        .encode(
            x=alt.X("amount:Q", title=title),
            y=y,
            color=alt.datum(_("Spend")),
            tooltip=[
                alt.Tooltip("name:N", title=_("Channel")),
                alt.Tooltip("amount:Q", title=_("Spend")),
                alt.Tooltip("cap:Q", title=_("Cap")),
            ],
        )
    )
    caps = (
        alt.Chart(alt.Data(values=[row for row in rows if row["cap"] is not None]))
        .mark_tick(thickness=3, size=30)
        .encode(x="cap:Q", y=y, color=alt.datum(_("Cap")))
    )
    spec = alt.layer(bars, caps).properties(width=560, height=40 + 40 * len(rows)).to_dict()
    spec.pop("config", None)
    return Drawing(
        kind="allocation",
        title=_("Best allocation"),
        alt=_("Bar chart of %(n)s channels: the spend given to each, with a mark at its cap.")
        % {"n": len(rows)},
        spec=spec,
        table=Table(
            headers=[_("Channel"), title, _("Cap")],
            rows=[
                [row["name"], show_number(row["amount"]), show_number(row["cap"])] for row in rows
            ],
        ),
    )


def draw_ladder(data: dict[str, Any]) -> Drawing:
    """data: currency, rows [{total, objective, allocation {name: amount}}]."""
    values = [
        {"total": row["total"], "name": name, "amount": amount}
        for row in data["rows"]
        for name, amount in row["allocation"].items()
    ]
    x_title = _("Total budget (%(currency)s)") % {"currency": data["currency"]}
    y_title = _("Spend (%(currency)s)") % {"currency": data["currency"]}
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_area(opacity=0.85)
        .encode(
            x=alt.X("total:Q", title=x_title),
            y=alt.Y("amount:Q", title=y_title, stack="zero"),
            color=alt.Color("name:N", sort=None),
            tooltip=[
                alt.Tooltip("name:N", title=_("Channel")),
                alt.Tooltip("total:Q", title=x_title),
                alt.Tooltip("amount:Q", title=y_title),
            ],
        )
        .properties(width=560, height=280)
    )
    spec = chart.to_dict()
    spec.pop("config", None)
    return Drawing(
        kind="budget_ladder",
        title=_("Budget ladder"),
        alt=_("Area chart of %(n)s totals: how the best allocation changes as the budget grows.")
        % {"n": len(data["rows"])},
        spec=spec,
        table=Table(
            headers=[x_title, _("Expected new customers"), _("Allocation")],
            rows=[
                [
                    show_number(row["total"]),
                    show_number(row["objective"]),
                    " · ".join(f"{n}: {show_number(a)}" for n, a in row["allocation"].items()),
                ]
                for row in data["rows"]
            ],
        ),
    )
