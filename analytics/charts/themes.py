"""Colours and fonts of charts: light for pages and mail, dark for pages.

The palette keeps its order and its contrast for readers who see few colours (Okabe and Ito).
"""

from typing import Any

# The first is the vendored font as vl-convert knows it, the second the same one in pages.
FONT_STACK = "Noto Sans SC, Noto Sans SC Subset, system-ui, sans-serif"

_PALETTE = {
    "light": ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#3a5a9b"],
    "dark": ["#56b4e9", "#e69f00", "#2fc59a", "#e8a4c9", "#f0e442", "#9db8f2"],
}
_INK = {
    "light": {"text": "#1c2530", "muted": "#55606e", "line": "#d5dbe3"},
    "dark": {"text": "#e8edf3", "muted": "#a7b2c0", "line": "#3a4552"},
}


def theme_of(name: str) -> dict[str, Any]:
    """A Vega-Lite config."""
    ink, palette = _INK[name], _PALETTE[name]
    words = {"labelFont": FONT_STACK, "titleFont": FONT_STACK, "labelFontSize": 12}
    return {
        "background": "transparent",
        "font": FONT_STACK,
        "title": {"color": ink["text"], "font": FONT_STACK, "fontSize": 15, "anchor": "start"},
        "axis": {
            **words,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelColor": ink["muted"],
            "titleColor": ink["text"],
            "gridColor": ink["line"],
            "domainColor": ink["line"],
            "tickColor": ink["line"],
            "labelLimit": 220,
        },
        "legend": {
            **words,
            "labelColor": ink["text"],
            "titleColor": ink["text"],
            "orient": "top",
            "title": None,
        },
        "view": {"stroke": None},
        "range": {"category": palette},
        "mark": {"color": palette[0]},
        "area": {"color": palette[0], "opacity": 0.16},
        "rule": {"color": ink["muted"]},
        "text": {"color": ink["text"], "font": FONT_STACK, "fontSize": 12},
    }


THEMES = {name: theme_of(name) for name in ("light", "dark")}
