"""Run pages in a real browser under the real policy: charts are drawn, progress is followed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.meetings.room_page.live_site import Site, running_site
from tests.processes import start_beat, start_worker

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.timeout(240)]

CHROMIUM = "/usr/bin/chromium"
RIGHT_EDGES = "names => names.map((name) => name.getBoundingClientRect().right)"
WIDTHS = "names => names.map((name) => name.getBoundingClientRect().width)"
LEFT_EDGES_AND_TOPS = """
places => places.map((place) => {
  const { left, top } = place.getBoundingClientRect();
  return [left, top];
})
"""

PLANT = """
import json
from django.test import Client
from analytics.models import Run
from analytics.services import execution
from tests.factories.analytics import EXAMPLE_PARAMETERS, make_example_months, make_run
from tests.factories.crm import make_channel, make_spend
from tests.people import make_user

owner = make_user("Olga Owner", "sales", "marketing")
make_example_months(owner, make_channel(name="线上广告"))
fair = make_channel(name="线下活动")
for month in range(1, 11):
    make_spend(channel=fair, month=f"2026-{month:02d}-01", amount=month * month % 7 + 1,
               currency="CNY")
one = make_run(requested_by=owner)
several = make_run(
    requested_by=owner, parameters=EXAMPLE_PARAMETERS | {"combine": False, "forecast": {}}
)
for run in (one, several):
    execution.execute_run(run_id=run.pk)
waiting = make_run(requested_by=owner)
client = Client()
client.force_login(owner)
print(json.dumps({
    "session": client.cookies["sessionid"].value,
    "one": one.pk, "several": several.pk, "waiting": waiting.pk,
}))
"""


@pytest.fixture(scope="module")
def site(site_home: Path) -> Iterator[Site]:
    with running_site(site_home) as running:
        yield running


@pytest.fixture(scope="module")
def planted(site: Site) -> dict[str, Any]:
    planted: dict[str, Any] = json.loads(site.home.run_code(PLANT))
    return planted


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def page(site: Site, planted: dict[str, Any], browser: Browser) -> Iterator[Page]:
    """A signed-in page; at the end it must have broken no rule and logged no error."""
    context = browser.new_context(color_scheme="light")
    context.add_cookies([{"name": "sessionid", "value": planted["session"], "url": site.base}])
    page = context.new_page()
    complaints: list[str] = []
    page.expose_function("complain", lambda text: complaints.append(text))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (event) =>"
        " complain(`${event.violatedDirective} ${event.blockedURI}`));"
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield page
    assert complaints == []
    context.close()


def open_run(page: Page, site: Site, run_id: int) -> None:
    page.goto(f"{site.base}/admin/analytics/run/{run_id}/change/")


def color_of_axis(page: Page) -> str | None:
    return page.locator("[data-chart] svg .role-axis-title text").first.get_attribute("fill")


def test_chart_is_drawn_and_answers_the_pointer(
    page: Page, site: Site, planted: dict[str, Any], tmp_path: Path
):
    open_run(page, site, planted["one"])

    chart = page.locator("[data-chart]")
    expect(chart).to_have_attribute("data-chart-state", "drawn")
    expect(chart.locator("svg")).to_contain_text("Spend, all channels (CNY)")
    chart.locator("svg path.mark-symbol, svg .mark-symbol path").first.hover(force=True)
    expect(page.locator("#vg-tooltip-element")).to_contain_text("Month")
    page.screenshot(path=tmp_path / "run.png", full_page=True)


def test_chart_fits_a_phone(page: Page, site: Site, planted: dict[str, Any]):
    page.set_viewport_size({"width": 390, "height": 844})
    open_run(page, site, planted["one"])

    chart = page.locator("[data-chart]")
    expect(chart).to_have_attribute("data-chart-state", "drawn")
    assert chart.evaluate("place => place.scrollWidth <= place.clientWidth")
    names = chart.locator(".role-legend-label text")
    edge = chart.evaluate("place => place.getBoundingClientRect().right")
    assert names.count() > 1
    assert max(names.evaluate_all(RIGHT_EDGES)) <= edge


def test_chart_follows_the_theme(page: Page, site: Site, planted: dict[str, Any]):
    open_run(page, site, planted["one"])
    expect(page.locator("[data-chart]")).to_have_attribute("data-chart-state", "drawn")
    light = color_of_axis(page)

    page.emulate_media(color_scheme="dark")

    expect(page.locator("[data-chart] svg .role-axis-title text").first).not_to_have_attribute(
        "fill", light or ""
    )


def test_chinese_names_of_channels_stand_in_the_chart(
    page: Page, site: Site, planted: dict[str, Any]
):
    open_run(page, site, planted["several"])

    charts = page.locator("[data-chart] svg")
    expect(charts).to_have_count(2)
    expect(charts.nth(1)).to_contain_text("线上广告")
    expect(charts.nth(1)).to_contain_text("线下活动")


@pytest.mark.parametrize("path", ["", "add/", "add/?kind=regression", "add/?kind=budget"])
def test_lists_and_forms_keep_to_the_policy(page: Page, site: Site, path: str):
    page.goto(f"{site.base}/admin/analytics/run/{path}")

    expect(page.locator("h1").first).to_be_visible()


def test_boxes_of_a_channel_stand_beside_each_other_under_their_headings(page: Page, site: Site):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site.base}/admin/analytics/run/add/?kind=budget")

    headings = page.locator(".channel-lines thead th").evaluate_all(LEFT_EDGES_AND_TOPS)
    boxes = page.locator(".channel-lines tbody tr").first.locator("input")
    places = boxes.evaluate_all(LEFT_EDGES_AND_TOPS)
    assert len(headings) == len(places) == 4
    assert len({top for _left, top in places}) == 1
    assert [left for left, _top in places] == sorted({left for left, _top in places})
    for (heading, _top), (box, _box_top) in zip(headings, places, strict=True):
        assert abs(heading - box) < 20


def test_boxes_of_a_channel_carry_their_names_on_a_phone(page: Page, site: Site):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.base}/admin/analytics/run/add/?kind=budget")

    labels = page.locator(".channel-lines tbody tr").first.locator("label")
    assert labels.all_inner_texts() == ["Channel 1", "Effect 1", "Cap 1", "Floor 1"]
    assert min(labels.evaluate_all(WIDTHS)) > 20
    edges = page.locator(".channel-lines input").evaluate_all(RIGHT_EDGES)
    assert max(edges) <= 390


def test_waiting_run_becomes_its_result_without_a_click(
    page: Page, site: Site, planted: dict[str, Any]
):
    open_run(page, site, planted["waiting"])
    expect(page.locator("[role=status]")).to_be_visible()

    start_worker(site.home, "analytics,default", concurrency=1)
    start_beat(site.home)

    expect(page.locator(".run-verdict")).to_contain_text("One more CNY of spend", timeout=60_000)
