"""`manage.py up` without demo data: from the link in the terminal to the administration."""

import re

import cv2
import numpy
import pytest
from django.conf import settings
from playwright.sync_api import expect, sync_playwright

from tests.system.running import running_system

pytestmark = [pytest.mark.browser, pytest.mark.process]

PICTURES = settings.HOME / "screenshots" / "first_run"
PASSWORD = "correct horse battery"
LOOKS = {
    "desktop-light": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


def draw_logo():
    picture = numpy.full((200, 600, 4), 0, numpy.uint8)
    cv2.circle(picture, (100, 100), 80, (200, 120, 30, 255), -1)
    cv2.putText(picture, "nord", (210, 135), cv2.FONT_HERSHEY_DUPLEX, 4, (200, 120, 30, 255), 8)
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield browser
        browser.close()


def open_page(chromium, look, locale):
    context = chromium.new_context(
        **LOOKS[look], locale=locale, timezone_id="Asia/Shanghai", reduced_motion="reduce"
    )
    page = context.new_page()
    page.problems = []
    page.on(
        "console", lambda line: page.problems.append(line.text) if line.type == "error" else None
    )
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    return page


def photograph(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def test_first_run_leads_from_the_terminal_to_the_administration(tmp_path, chromium):
    with running_system(tmp_path / "home", VMCRM_DEMO="0") as system:
        link = re.search(r"http://\S+/setup/\S+", system.output.read_text())[0]
        for look in LOOKS:
            for locale in ("en-GB", "zh-CN"):
                page = open_page(chromium, look, locale)
                page.goto(link)
                photograph(page, f"form-{look}-{locale}")
                page.goto(system.base_url)
                photograph(page, f"home-pending-{look}-{locale}")
                assert page.problems == []
                page.context.close()

        page = open_page(chromium, "desktop-light", "en-GB")
        page.goto(link)
        page.locator("#id_base_url").fill("https://elsewhere.example")
        page.locator("form .button-primary[type=submit]").last.click()
        expect(page.locator(".notice-bad")).to_be_visible()
        photograph(page, "refused")
        page.problems.clear()  # the browser notes the answer 400

        page.locator("#id_name").fill("Nordlicht Medical")
        page.locator("#id_new_logo").set_input_files(
            {"name": "logo.png", "mimeType": "image/png", "buffer": draw_logo()}
        )
        page.locator("#id_base_url").fill(system.base_url)
        page.locator("#id_user_name").fill("Ada Lovelace")
        page.locator("#id_email").fill("ada@nordlicht.example")
        page.locator("#id_password1").fill(PASSWORD)
        page.locator("#id_password2").fill(PASSWORD)
        page.locator("form .button-primary[type=submit]").last.click()

        expect(page).to_have_url(f"{system.base_url}/admin/")
        expect(page.locator("#steps-heading")).to_be_visible()
        assert page.locator(".admin-nav .brand-logo").evaluate("logo => logo.naturalWidth") > 0
        photograph(page, "admin")
        page.goto(f"{system.base_url}/admin/crm/organisation/")
        photograph(page, "organisation")
        page.goto(system.base_url)
        photograph(page, "home")
        assert page.problems == []

        gone = open_page(chromium, "desktop-light", "en-GB").goto(link)
        logs = "".join(path.read_text() for path in (system.home / "log").iterdir())

    assert gone.status == 404
    assert not (system.home / "secrets" / "setup_token").exists()
    assert link.rpartition("/setup/")[2].strip("/") not in logs
