"""Charts as pictures: the right words in both languages, glyphs for Chinese, no stray colours."""

import json
from typing import Any

import pytest
from django.utils import translation

from analytics import charts
from analytics.charts import png
from analytics.charts.drawing import show_number

POINT = {"x": 1.0, "mean": 2.0, "ci_lo": 1.5, "ci_hi": 2.5, "pi_lo": 1.0, "pi_hi": 3.0}
CHARTS: dict[str, dict[str, Any]] = {
    "spend_line": {
        "x_name": "spend_amount",
        "unit": "CNY",
        "points": [
            {"period": "2026-01", "x": 1.0, "y": 2.0},
            {"period": "2026-02", "x": 3.0, "y": 4.5},
        ],
        "line": [POINT, {**POINT, "x": 3.0}],
        "forecast": [{**POINT, "x": 4.0}],
    },
    "fit_over_time": {
        "unit": "CNY",
        "months": [
            {"period": "2026-01", "observed": 1.0, "fitted": 1.2},
            {"period": "2026-02", "observed": 2.0, "fitted": 1.9},
        ],
    },
    "coefficients": {
        "unit": "CNY",
        "rows": [{"name": "线上广告", "estimate": 1.4, "lo": 1.1, "hi": 1.7}],
    },
    "contributions": {
        "score": "7.1",
        "rows": [{"name": "attendance", "weight": "0.4", "mapped": "8", "contribution": "3.2"}],
    },
    "segment_sizes": {
        "rows": [{"label": 0, "size": 12, "share": 0.6}, {"label": 1, "size": 8, "share": 0.4}]
    },
    "allocation": {
        "currency": "CNY",
        "rows": [
            {"name": "Ads", "amount": 30.0, "cap": 30.0},
            {"name": "Fair", "amount": 10.0, "cap": None},
        ],
    },
    "budget_ladder": {
        "currency": "CNY",
        "rows": [
            {"total": 10.0, "objective": 100.0, "allocation": {"Ads": 10.0}},
            {"total": 20.0, "objective": 180.0, "allocation": {"Ads": 20.0}},
        ],
    },
}


@pytest.mark.parametrize("kind", CHARTS)
def test_chart_has_words_a_table_and_a_picture(kind: str):
    drawing = charts.draw({"kind": kind, "data": CHARTS[kind]})

    assert drawing.kind == kind
    assert drawing.title
    assert len(drawing.alt) > 30
    assert drawing.table.rows
    assert all(len(row) == len(drawing.table.headers) for row in drawing.table.rows)
    assert png.render_png(drawing).startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", CHARTS)
def test_specification_leaves_colours_to_the_theme(kind: str):
    spec = json.dumps(charts.draw({"kind": kind, "data": CHARTS[kind]}).spec)

    assert "config" not in json.loads(spec)
    assert "#" not in spec.replace("https://vega.github.io/schema", "")


def test_chinese_text_is_drawn_with_glyphs_of_its_own():
    data = CHARTS["coefficients"]
    other = {**data, "rows": [{**data["rows"][0], "name": "社交媒体"}]}

    first = charts.draw({"kind": "coefficients", "data": data})
    second = charts.draw({"kind": "coefficients", "data": other})

    # Without the font both names are four equal boxes, and the pictures the same.
    assert "线上广告" in png.render_svg(first)
    assert png.render_png(first) != png.render_png(second)


def test_numbers_follow_the_language_and_lose_no_size():
    with translation.override("en"):
        assert show_number(1234567.891, 4) == "1,235,000"
        assert show_number(0.000123456, 3) == "0.000123"
        assert show_number("7.1000", 3) == "7.1"
        assert show_number(0) == "0"
        assert show_number(-0.0) == "0"
        assert show_number(100.0) == "100"
        assert show_number(9.9999, 3) == "10"
    with translation.override("de"):
        assert show_number(1234.5, 5) == "1.234,5"


def test_number_that_is_not_there_is_a_dash_and_never_zero():
    assert show_number(None) == "–"
