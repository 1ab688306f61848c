"""What `collectstatic` makes of our files."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.files.storage import FileSystemStorage
from django.template import Context, Template

from vmcrm.static_storage import HashedStaticStorage


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> HashedStaticStorage:
    """Every file of ours below a fresh folder, renamed and rewritten. Kept for the module."""
    root = tmp_path_factory.mktemp("collected")
    storage = HashedStaticStorage(location=root, base_url="/static/")
    paths = {}
    for finder in finders.get_finders():
        for name, source in finder.list([]):
            if name.startswith(("vmcrm/", "meetings/", "crm/", "analytics/")):
                with source.open(name) as file:
                    FileSystemStorage(location=root).save(name, file)
                paths[name] = (storage, name)
    for name, _hashed, processed in storage.post_process(paths):
        assert not isinstance(processed, Exception), f"{name}: {processed}"
    return storage


def read(storage: HashedStaticStorage, name: str) -> str:
    return Path(storage.path(storage.stored_name(name))).read_text()


def test_module_imports_point_to_hashed_files(collected):
    frame = read(collected, "vmcrm/js/frame.js")

    imported = re.findall(r'from "\./([^"]+)"', frame)
    assert len(imported) >= 4, "the frame is put together from modules"
    for name in imported:
        assert re.fullmatch(r"\w+\.[0-9a-f]{12}\.js", name)
        assert collected.exists(f"vmcrm/js/{name}")


def test_no_module_imports_a_plain_name(collected):
    """A statement without its semicolon is skipped silently and would mix two releases."""
    imported = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")
    own = [n for n in collected.hashed_files if n.endswith(".js") and "/vendor/" not in n]

    found = {(name, target) for name in own for target in imported.findall(read(collected, name))}

    assert len(found) > 30
    assert {pair for pair in found if not re.search(r"\.[0-9a-f]{12}\.js$", pair[1])} == set()


def test_style_sheets_point_to_hashed_fonts_and_icons(collected):
    tokens = read(collected, "vmcrm/tokens.css")

    assert re.search(r'url\("fonts/NotoSansSC-Regular\.[0-9a-f]{12}\.woff2"\)', tokens)


def test_gzip_copies_lie_beside_and_nothing_else(collected):
    name = collected.stored_name("vmcrm/site/elements.css")

    with gzip.open(f"{collected.path(name)}.gz", "rt") as file:
        assert file.read() == read(collected, "vmcrm/site/elements.css")
    assert not list(Path(collected.location).rglob("*.br"))
    assert not list(Path(collected.location).rglob("*.zst"))


def test_name_missing_in_a_manifest_is_an_error(collected):
    with pytest.raises(ValueError, match="nowhere"):
        collected.stored_name("vmcrm/nowhere.css")


def test_names_stay_plain_before_anything_was_collected(tmp_path):
    storage = HashedStaticStorage(location=tmp_path, base_url="/static/")

    assert storage.url("vmcrm/site/elements.css") == "/static/vmcrm/site/elements.css"


def test_every_static_file_named_in_a_template_exists():
    named = {
        (template, name)
        for template in Path("templates").rglob("*.html")
        for name in re.findall(r"""{% static ["']([^"']+)["'] %}""", template.read_text())
    }

    missing = {(str(template), name) for template, name in named if not finders.find(name)}

    assert len(named) > 20
    assert missing == set()


def test_every_icon_used_in_a_template_is_in_the_sprite():
    sprite = Path(finders.find("vmcrm/icons.svg")).read_text()
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    used = {
        (str(template), name)
        for template in Path("templates").rglob("*.html")
        for name in re.findall(r"""{% icon ["']([^"']+)["']""", template.read_text())
    }

    assert len(used) > 30
    assert {(template, name) for template, name in used if name not in known} == set()


def test_icon_is_hidden_from_screen_readers_unless_it_has_a_label():
    render = Template('{% load icons %}{% icon "mail" %}{% icon "mail" label=text %}').render

    html = render(Context({"text": '"Post"'}))

    assert html == (
        '<svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="/static/vmcrm/icons.svg#mail"></use></svg>'
        '<svg class="icon" role="img" aria-label="&quot;Post&quot;">'
        '<use href="/static/vmcrm/icons.svg#mail"></use></svg>'
    )
