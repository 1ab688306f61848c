"""Builds the icon sprite from a Lucide package: `python -m vmcrm.icon_sprite FOLDER`.

Only the icons listed in icons.txt go in, each as a <symbol> under the name that templates use.
Those that style sheets draw as masks, on Django's own widgets, become files in icons/ as well.
"""

import re
import sys
from pathlib import Path

STATIC = Path(__file__).parent / "static" / "vmcrm"
MASKS = ("calendar", "check", "clock", "delete", "edit", "eye", "minus", "plus", "search")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DRAWING = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)


def read_names(listing: str) -> dict[str, str]:
    """Our name -> Lucide's name, in the listing's order."""
    lines = (line.split() for line in listing.splitlines() if line and not line.startswith("#"))
    return {words[0]: words[-1] for words in lines}


def build_sprite(listing: str, drawings: Path) -> str:
    """The sprite's text. Raises FileNotFoundError for an icon that the package does not have."""
    symbols = []
    for name, lucide_name in read_names(listing).items():
        source = _COMMENT.sub("", (drawings / f"{lucide_name}.svg").read_text(encoding="utf-8"))
        drawing = _DRAWING.search(source)
        if drawing is None:
            raise ValueError(f"{lucide_name}.svg holds no drawing")
        body = " ".join(drawing[1].split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" '
            'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">',
            "<!-- Lucide, ISC licence: see vendor/MANIFEST.md -->",
            *symbols,
            "</svg>\n",
        ]
    )


def build_mask(name: str, sprite: str) -> str:
    """One icon of the sprite as a drawing of its own. Raises KeyError when it is not there."""
    symbol = re.search(rf'<symbol id="{re.escape(name)}" viewBox="0 0 24 24">(.*)</symbol>', sprite)
    if symbol is None:
        raise KeyError(name)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{symbol[1]}</svg>\n'
    )


def main() -> None:
    listing = (STATIC / "icons.txt").read_text(encoding="utf-8")
    sprite = build_sprite(listing, Path(sys.argv[1]) / "icons")
    (STATIC / "icons.svg").write_text(sprite, encoding="utf-8")
    for name in MASKS:
        (STATIC / "icons" / f"{name}.svg").write_text(build_mask(name, sprite), encoding="utf-8")


if __name__ == "__main__":
    main()
