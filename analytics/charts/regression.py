"""Charts of a regression: the line with its bands, the months, the coefficients."""

from typing import Any

import altair as alt
from django.utils.translation import gettext as _

from analytics.charts.drawing import Drawing, Table, show_number
from analytics.labels import label_column

WIDTH, HEIGHT = 560, 300


def draw_spend_line(data: dict[str, Any]) -> Drawing:
    """One cause: observed months, the fitted line, both intervals.

    data: x_name, unit, points [{period, x, y}], line [{x, mean, ci_lo, ci_hi, pi_lo, pi_hi}],
    forecast [{x, mean, pi_lo, pi_hi}], is_adjusted (points are without what else is in the model).
    """
    name = label_column(data["x_name"])
    is_adjusted = data.get("is_adjusted", False)
    x_title = _with_unit(name, data["unit"])
    sales = _("Sales, all else in the model taken out") if is_adjusted else _("Sales")
    y_title = _with_unit(sales, data["unit"])
    observed, fitted = _("Observed month"), _("Fitted line")
    forecast = _("Forecast with 95 % range")
    x = alt.X("x:Q", title=x_title, scale=alt.Scale(zero=False, nice=True))
    line = alt.Data(values=data["line"])
    bands = [
        alt.Chart(line)
        .mark_area(opacity=opacity)
        .encode(
            x=x, y=alt.Y(f"{low}:Q", title=y_title, scale=alt.Scale(zero=False)), y2=f"{high}:Q"
        )
        for low, high, opacity in (("pi_lo", "pi_hi", 0.12), ("ci_lo", "ci_hi", 0.2))
    ]
    mean = alt.Chart(line).mark_line().encode(x=x, y="mean:Q", color=alt.datum(fitted))
    points = (
        alt.Chart(alt.Data(values=data["points"]))
        .mark_point(filled=True, size=60)
        .encode(
            x=x,
            y="y:Q",
            color=alt.datum(observed),
            tooltip=[
                alt.Tooltip("period:N", title=_("Month")),
                alt.Tooltip("x:Q", title=x_title),
                alt.Tooltip("y:Q", title=y_title),
            ],
        )
    )
    layers = [*bands, mean, points, *_forecast_layers(data["forecast"], x, forecast)]
    return Drawing(
        kind="spend_line",
        title=(
            _("Sales and %(name)s, all else in the model taken out")
            if is_adjusted
            else _("Sales and %(name)s")
        )
        % {"name": name},
        alt=_(
            "Scatter plot of %(n)s months: sales against %(name)s, with the fitted line, its "
            "95 %% confidence band and the wider band in which single months are expected."
        )
        % {"n": len(data["points"]), "name": name},
        spec=_finish(alt.layer(*layers)),
        table=Table(
            headers=[_("Month"), x_title, y_title],
            rows=[
                [point["period"], show_number(point["x"]), show_number(point["y"])]
                for point in data["points"]
            ],
        ),
    )


def _forecast_layers(rows: list[dict[str, Any]], x: alt.X, label: str) -> list[alt.Chart]:
    if not rows:
        return []
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, color=alt.datum(label))
    return [
        base.mark_rule(strokeWidth=2).encode(y="pi_lo:Q", y2="pi_hi:Q"),
        base.mark_point(filled=True, size=90, shape="diamond").encode(y="mean:Q"),
    ]


def draw_fit_over_time(data: dict[str, Any]) -> Drawing:
    """Several causes: sales by month, observed and as the model has them.

    data: unit, months [{period, observed, fitted}], forecast [{period, mean, pi_lo, pi_hi}].
    """
    observed, fitted = _("Observed"), _("As the model has it")
    y_title = _with_unit(_("Sales"), data["unit"])
    values = [
        {"period": month["period"], "series": series, "amount": month[key]}
        for series, key in ((observed, "observed"), (fitted, "fitted"))
        for month in data["months"]
    ]
    forecast = _("Forecast with 95 % range")
    ahead = data.get("forecast", [])
    order = [observed, fitted, *([forecast] if ahead else [])]
    x = alt.X("period:O", title=_("Month"), axis=alt.Axis(labelOverlap=True))
    colour = alt.Color("series:N", title=None, scale=alt.Scale(domain=order))
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=x,
            y=alt.Y("amount:Q", title=y_title, scale=alt.Scale(zero=False)),
            color=colour,
            strokeDash=alt.StrokeDash("series:N", sort=[observed, fitted], legend=None),
            tooltip=[
                alt.Tooltip("period:O", title=_("Month")),
                alt.Tooltip("series:N", title=_("Line")),
                alt.Tooltip("amount:Q", title=y_title),
            ],
        )
    )
    return Drawing(
        kind="fit_over_time",
        title=_("Sales by month"),
        alt=_(
            "Line chart of %(n)s months: observed sales, and sales as the model explains them by "
            "spend."
        )
        % {"n": len(data["months"])},
        spec=_finish(alt.layer(chart, *_layers_ahead(ahead, x, colour, forecast))),
        table=Table(
            headers=[_("Month"), observed, fitted],
            rows=[
                [month["period"], show_number(month["observed"]), show_number(month["fitted"])]
                for month in data["months"]
            ]
            + [[point["period"], "–", show_number(point["mean"])] for point in ahead],
        ),
    )


def _layers_ahead(
    rows: list[dict[str, Any]], x: alt.X, colour: alt.Color, label: str
) -> list[alt.Chart]:
    if not rows:
        return []
    values = [{**row, "series": label} for row in rows]
    base = alt.Chart(alt.Data(values=values)).encode(x=x, color=colour)
    return [
        base.mark_rule(strokeWidth=2).encode(y="pi_lo:Q", y2="pi_hi:Q"),
        base.mark_point(filled=True, size=90, shape="diamond").encode(y="mean:Q"),
    ]


def draw_coefficients(data: dict[str, Any]) -> Drawing:
    """What one more unit of each channel goes with, with its 95 % interval.

    data: unit, rows [{name, estimate, lo, hi}].
    """
    x_title = _("Sales that go with one more unit of spend (95 %% interval)") % {}
    name = alt.Y("name:N", title=None, sort=None)
    base = alt.Chart(alt.Data(values=data["rows"]))
    zero = alt.Chart(alt.Data(values=[{"x": 0}])).mark_rule(strokeDash=[4, 4]).encode(x="x:Q")
    interval = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("lo:Q", title=x_title), x2="hi:Q", y=name
    )
    dot = base.mark_point(filled=True, size=80).encode(x="estimate:Q", y=name)
    return Drawing(
        kind="coefficients",
        title=_("Sales per unit of spend"),
        alt=_(
            "Dot chart of %(n)s channels: sales that go with one more unit of spend, each with "
            "its 95 %% interval."
        )
        % {"n": len(data["rows"])},
        spec=_finish(alt.layer(zero, interval, dot), height=60 + 32 * len(data["rows"])),
        table=Table(
            headers=[_("Channel"), _("Estimate"), _("from"), _("to")],
            rows=[
                [row["name"], *(show_number(row[key]) for key in ("estimate", "lo", "hi"))]
                for row in data["rows"]
            ],
        ),
    )


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _finish(chart: Any, height: int = HEIGHT) -> dict[str, Any]:
    """The plain specification: size set, Altair's own config left to the theme."""
    spec: dict[str, Any] = chart.properties(width=WIDTH, height=height).to_dict()
    spec.pop("config", None)
    return spec
