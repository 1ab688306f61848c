"""The judge of the walks sees each kind of fault, and looks again only at what is new to it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.vmcrm.browser.accessibility import Judge

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><title>A page</title><style>
  :root { color-scheme: light dark }
  body { background: light-dark(white, black); color: light-dark(black, white) }
  .faint-at-night { color: light-dark(black, #222) }
</style><main><h1>A page</h1>{}</main>"""
FIELD = '<p><label for="name">Name</label> <input id="name"></p>'


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield chromium.new_page(color_scheme="light")
        chromium.close()


def show(page: Page, body: str) -> None:
    page.set_content(PAGE.replace("{}", body))


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<p><label for="nobody">Name</label> <input id="name"></p>', "label"),
        (f'{FIELD}<p><a href="/"></a></p>', "link-name"),
        (f'{FIELD}<p style="color: #bbb">Hardly to be read</p>', "color-contrast"),
        (f'{FIELD}<p><img src="data:,"></p>', "image-alt"),
        (f'{FIELD}<p class="faint-at-night">Hardly to be read</p>', "dark: color-contrast"),
        (f'{FIELD}<div style="background: #444"><p>Hardly to be read</p></div>', "color-contrast"),
    ],
)
def test_judge_fault_on_a_page_much_like_one_before_is_found(
    page: Page, body: str, rule: str
) -> None:
    judge = Judge(("light", "dark"))
    show(page, f'{FIELD}<p><a href="/">Home</a></p><p><img src="data:," alt="A tree"></p>')
    assert judge.find_faults(page, "first") == []

    show(page, body)
    faults = judge.find_faults(page, "second")

    assert [fault.split(" (")[0] for fault in faults] == [rule]


def test_judge_page_of_known_shapes_is_not_judged_again(page: Page) -> None:
    judge = Judge(("light", "dark"))
    show(page, FIELD)
    judge.find_faults(page, "first")

    show(page, FIELD.replace("Name", "Town").replace('"name"', '"town"') + FIELD)
    judge.find_faults(page, "second")

    assert judge.judged == {"first"}
