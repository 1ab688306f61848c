"""Charts as PNG, for mails. Only workers import this: the renderer takes over 100 MB."""

from functools import cache
from pathlib import Path

import vl_convert
from django.contrib.staticfiles import finders

from analytics.charts.drawing import Drawing
from analytics.charts.themes import theme_of

FONT_FILE = "vmcrm/fonts/NotoSansSC-Regular.ttf"
SCALE = 2


def render_png(drawing: Drawing) -> bytes:
    """The chart in light colours on white, at twice its size for sharp screens."""
    _register_fonts()
    png: bytes = vl_convert.vegalite_to_png(
        vl_spec={**drawing.spec, "background": "white", "padding": 12},
        config=theme_of("light"),
        scale=SCALE,
    )
    return png


def render_svg(drawing: Drawing) -> str:
    _register_fonts()
    svg: str = vl_convert.vegalite_to_svg(vl_spec=drawing.spec, config=theme_of("light"))
    return svg


@cache
def _register_fonts() -> None:
    """Chinese has glyphs on every machine because the font comes with us."""
    path = finders.find(FONT_FILE)
    if path is None:
        raise FileNotFoundError(FONT_FILE)
    vl_convert.register_font_directory(str(Path(path).parent))
