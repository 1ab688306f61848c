"""The figures of a run as tables with units, for the page, the mail and the CSV export."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analytics.charts.drawing import show_number
from analytics.labels import label_column, label_indicator, label_limit
from analytics.models import Run

AMOUNTS = (1, 1_000, 1_000_000)  # of currency, for which the price of a limit is shown


@dataclass(frozen=True)
class FigureTable:
    title: str
    headers: list[str]
    rows: list[list[str]]
    note: str = ""


def list_tables(run: Run) -> list[FigureTable]:
    """Empty for a run without figures."""
    if not run.is_answered or not run.figures:
        return []
    return list(_TABLES[run.kind](run.figures, run.parameters.get("currency", "")))


def _regression(figures: dict[str, Any], currency: str) -> Iterator[FigureTable]:
    errors = {
        "classical": _("Intervals rest on classical standard errors."),
        "hac": _(
            "Intervals rest on errors that allow for neighbouring months being alike (HAC). With "
            "so few months they can be much too narrow: repeat the run for better ones."
        ),
        "ar1": _(
            "Estimates and intervals allow for what carries over from one month to the next "
            "(AR(1), averaged over how much of it may)."
        ),
    }
    yield FigureTable(
        title=_("Coefficients"),
        headers=[
            _("Column"),
            _("Unit"),
            _("Estimate"),
            _("95 % from"),
            _("95 % to"),
            _("Standard error"),
            _("Standard error HC3"),
        ],
        rows=[
            [
                label_column(name),
                currency if name == "const" else f"{currency} / {currency}",
                show_number(part["estimate"], 5),
                *(show_number(bound, 5) for bound in part["ci95"]),
                show_number(part.get("error", part["se"])),
                show_number(part["se_hc3"]),
            ]
            for name, part in figures["coefficients"].items()
        ],
        note=errors.get(figures["errors"], ""),
    )
    taken_out = list(_taken_out(figures, currency))
    if taken_out:
        yield FigureTable(
            title=_("Taken out, so that no channel is credited with it"),
            headers=[_("What"), _("Unit"), _("Estimate"), _("95 % from"), _("95 % to")],
            rows=taken_out,
        )
    if figures["forecast"]:
        yield FigureTable(
            title=_("Forecast"),
            headers=[
                _("At"),
                _("Expected sales (%(currency)s)") % {"currency": currency},
                _("Mean: 95 % from"),
                _("Mean: 95 % to"),
                _("One month: 95 % from"),
                _("One month: 95 % to"),
            ],
            rows=[
                [
                    " · ".join(
                        [
                            *filter(None, [forecast.get("period")]),
                            *(
                                f"{label_column(name)}: {show_number(value)}"
                                for name, value in forecast["at"].items()
                            ),
                        ]
                    ),
                    *(
                        show_number(number, 5)
                        for number in (forecast["mean"], *forecast["ci95"], *forecast["pi95"])
                    ),
                ]
                for forecast in figures["forecast"]
            ],
            note=_("Columns that are taken out are held at their mean.")
            if figures.get("controls")
            else "",
        )
    yield FigureTable(
        title=_("How well it fits"),
        headers=[_("Figure"), _("Value")],
        rows=[
            [_("Months used"), str(figures["n"])],
            [_("Share of the variation explained (R²)"), show_number(figures["r2"])],
            [_("The same, adjusted"), show_number(figures["r2_adjusted"])],
            [_("The same, each month left out once"), show_number(figures["r2_leave_one_out"])],
            [
                _("Typical miss of one month (%(currency)s)") % {"currency": currency},
                show_number(figures["residual_sd"]),
            ],
        ],
    )


def _taken_out(figures: dict[str, Any], currency: str) -> Iterator[list[str]]:
    """Controls, trend and season; none in runs from before there were any."""
    time = figures.get("time") or {}
    parts = [
        (label_column(name), _("%(currency)s for one more") % {"currency": currency}, part)
        for name, part in figures.get("controls", {}).items()
    ]
    if time.get("trend"):
        parts.append(
            (_("Trend"), _("%(currency)s a month") % {"currency": currency}, time["trend"])
        )
    for name, unit, part in parts:
        numbers = (part["estimate"], *part["ci95"])
        yield [name, unit, *(show_number(number, 5) for number in numbers)]
    if time.get("season_columns"):
        extent = _("in full") if time["control"] == "full" else _("its broad course")
        yield [_("Season"), extent, "–", "–", "–"]


def _score(figures: dict[str, Any], currency: str) -> Iterator[FigureTable]:
    low, high = figures["score_range"]
    yield FigureTable(
        title=_("Contributions"),
        headers=[
            _("Indicator"),
            _("Value from 0 to 10"),
            _("Weight"),
            _("Points"),
            _("People behind it"),
        ],
        rows=[
            [
                label_indicator(name),
                *(show_number(part[key], 3) for key in ("mapped", "weight", "contribution")),
                "–" if part["n"] is None else str(part["n"]),
            ]
            for name, part in figures["indicators"].items()
        ],
        note=_(
            "With other weights (0.05 moved from one indicator to another) the same meeting would "
            "score between %(low)s and %(high)s. That is no margin of error: how sure the figures "
            "are depends on the people behind them. Compare it only with scores of the same "
            "weights."
        )
        % {"low": show_number(low, 3), "high": show_number(high, 3)},
    )


def _segments(figures: dict[str, Any], currency: str) -> Iterator[FigureTable]:
    names = [feature["name"] for feature in figures["features"]]
    if figures["segments"]:
        yield FigureTable(
            title=_("Segments"),
            headers=[
                _("Segment"),
                _("Customers"),
                _("Share in percent"),
                *(header for name in names for header in _average_headers(label_column(name))),
            ],
            rows=[
                [
                    _("Segment %(number)s") % {"number": segment["label"] + 1},
                    str(segment["size"]),
                    show_number(100 * segment["share"], 3),
                    *(
                        show_number(segment["portrait"][name][average])
                        for name in names
                        for average in ("mean", "median")
                    ),
                ]
                for segment in figures["segments"]
            ],
            note=_(
                "Mean: the sum divided by the number of customers; a few very large ones pull it "
                "up. Median: half of the customers lie below it."
            ),
        )
    yield FigureTable(
        title=_("Numbers of segments that were tried"),
        headers=[_("Segments"), _("Silhouette"), _("Stability")],
        rows=[
            [
                str(tried["k"]),
                show_number(tried["silhouette"], 3),
                show_number(tried["stability"], 3),
            ]
            for tried in figures["candidates"]
        ],
    )


def _average_headers(column: str) -> tuple[str, str]:
    return _("%(column)s, mean") % {"column": column}, _("%(column)s, median") % {"column": column}


def _budget(figures: dict[str, Any], currency: str) -> Iterator[FigureTable]:
    binding = ", ".join(map(label_limit, figures["binding"]))
    yield FigureTable(
        title=_("Allocation"),
        headers=[_("Channel"), _("Spend (%(currency)s)") % {"currency": currency}],
        rows=[[name, show_number(amount)] for name, amount in figures["allocation"].items()],
        note=_("Limits that bind: %(limits)s.") % {"limits": binding} if binding else "",
    )
    prices = figures["shadow_prices"]
    amount = _choose_amount(prices)
    yield FigureTable(
        title=_("What %(amount)s %(currency)s of a limit are worth, in new customers")
        % {"amount": show_number(amount, 9), "currency": currency},
        headers=[_("Limit"), _("Less costs"), _("More brings")],
        rows=[
            [
                label_limit(name),
                *(
                    show_number(None if price[side] is None else price[side] * amount)
                    for side in ("less", "more")
                ),
            ]
            for name, price in prices.items()
        ],
        note=_("At the price of the first unit of money; it holds as far as the limits allow."),
    )


def _choose_amount(prices: dict[str, Any]) -> int:
    """The power of a thousand at which the largest price reads as customers, not as dust."""
    known = [abs(price[side] or 0.0) for price in prices.values() for side in ("less", "more")]
    largest = max(known, default=0.0)
    return next((amount for amount in AMOUNTS if largest * amount >= 1), AMOUNTS[0])


_TABLES: dict[str, Callable[[dict[str, Any], str], Iterator[FigureTable]]] = {
    Run.Kind.REGRESSION: _regression,
    Run.Kind.SCORE: _score,
    Run.Kind.SEGMENTS: _segments,
    Run.Kind.BUDGET: _budget,
}
