"""Every page that links lead to, in a browser: keeps the policy, answers, fits the window, and axe
finds nothing serious in what it holds, in light and in dark.

A page with a problem is kept as a picture below VMCRM_HOME/screenshots/pages; with PICTURES=1 in
the environment every page is.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, sync_playwright

from tests.meetings.room_page.live_site import Site, running_site
from tests.vmcrm.browser.accessibility import Judge
from tests.vmcrm.browser.crawler import Look, Walk

pytestmark = [pytest.mark.browser, pytest.mark.process]

PICTURES = settings.HOME / "screenshots" / "pages"

SIGN_IN = """
from django.test import Client
from crm.models import User
user = User.objects.filter({lookup}).order_by("pk").first()
client = Client()
client.force_login(user)
print(client.cookies["sessionid"].value)
"""
ATTENDEE = """
from crm.models import User
User.objects.create_user("attendee@vmcrm.example", name="Anna Attendee")
"""


@pytest.fixture(scope="module")
def site(site_home: Path) -> Iterator[Site]:
    with running_site(site_home) as running:
        running.home.manage("seed_demo")
        running.home.run_code(ATTENDEE)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield chromium
        chromium.close()


def start_walk(site: Site, browser: Browser, who: str, lookup: str = "") -> Walk:
    # Without motion, so that nothing is measured while it fades.
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    if lookup:
        session = site.home.run_code(SIGN_IN.format(lookup=lookup)).strip()
        context.add_cookies([{"name": "sessionid", "value": session, "url": site.base}])
    looks = (
        # Contrast hangs on the scheme and not on the width: the wide look is at both.
        Look("desktop", {"width": 1280, "height": 860}, Judge(("light", "dark"))),
        Look("phone", {"width": 390, "height": 844}, Judge(("dark",))),
    )
    keeps_pictures = os.environ.get("PICTURES") == "1"
    return Walk(context, site.base, PICTURES, who, looks, keeps_pictures)


def test_visitors_pages_keep_the_policy_fit_and_are_accessible(site, browser):
    walk = start_walk(site, browser, "visitor")

    walk.crawl("/", "/accounts/login/", "/accounts/signup/", "/join/")

    assert {"home", "account_login", "account_signup", "account_reset_password"} <= set(
        walk.visited
    )
    assert {"meetings:list", "meetings:detail", "meetings:join"} <= set(walk.visited)
    assert not walk.problems, "\n".join(walk.problems)


def test_attendees_pages_keep_the_policy_fit_and_are_accessible(site, browser):
    walk = start_walk(site, browser, "attendee", "email='attendee@vmcrm.example'")

    walk.crawl("/", "/accounts/email/", "/accounts/2fa/", "/accounts/logout/")

    assert {"account_email", "account_change_password", "mfa_index"} <= set(walk.visited)
    assert "admin:index" not in walk.visited
    assert not walk.problems, "\n".join(walk.problems)


def test_admin_pages_keep_the_policy_fit_and_are_accessible(site, browser):
    walk = start_walk(site, browser, "admin", "is_superuser=True")

    walk.crawl("/admin/")

    assert len(walk.visited) > 60
    assert min(len(look.judge.judged) for look in walk.looks) > 30
    assert {"admin:index", "admin:crm_contact_changelist", "admin:crm_contact_change"} <= set(
        walk.visited
    )
    assert {"admin:meetings_meeting_add", "admin:crm_delivery_change"} <= set(walk.visited)
    assert not walk.problems, "\n".join(walk.problems)
