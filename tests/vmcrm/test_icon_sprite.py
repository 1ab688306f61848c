"""The sprite's builder."""

import pytest

from vmcrm.icon_sprite import build_mask, build_sprite, read_names

LISTING = "# comment\nhome house\nplus\n"


def test_names_map_to_lucides():
    assert read_names(LISTING) == {"home": "house", "plus": "plus"}


def test_sprite_holds_a_symbol_for_each_name(tmp_path):
    for name in ("house", "plus"):
        drawing = f'<!-- licence -->\n<svg\n  width="24"\n>\n  <path d="{name}" />\n</svg>\n'
        (tmp_path / f"{name}.svg").write_text(drawing)

    sprite = build_sprite(LISTING, tmp_path)

    assert '<symbol id="home" viewBox="0 0 24 24"><path d="house" /></symbol>' in sprite
    assert '<symbol id="plus" viewBox="0 0 24 24"><path d="plus" /></symbol>' in sprite
    assert '<path d="plus" /></svg>' in build_mask("plus", sprite)


def test_icon_that_the_package_lacks_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="house"):
        build_sprite(LISTING, tmp_path)
