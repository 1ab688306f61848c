"""`manage.py demo_presenter`: a lone evaluator sees and hears somebody."""

import json
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from playwright.sync_api import sync_playwright

from tests.system.actors import Rep, join, new_person, wait_for_media
from tests.system.running import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.process]

PICTURES = settings.HOME / "screenshots" / "demo_presenter"
FIND = """
import json
from meetings.models import Meeting
from vmcrm.demo.team import read_demo_password
meeting = Meeting.objects.get(title__startswith="Open house")
print(json.dumps({"room": f"{meeting.get_absolute_url()}room/", "password": read_demo_password()}))
"""
COUNT_SESSIONS = """
from django.contrib.sessions.models import Session
print(Session.objects.count())
"""


def wait_for_line(path, words, *, within_s=40):
    deadline = time.monotonic() + within_s
    while words not in path.read_text():
        assert time.monotonic() < deadline, path.read_text()
        time.sleep(0.1)


def test_presenter_is_seen_and_heard_and_leaves_at_ctrl_c(system, tmp_path):
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        found = json.loads(system.manage("shell", "--no-imports", "-c", FIND))
        said = tmp_path / "said.txt"
        with said.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "demo_presenter"],
                cwd=ROOT, env=system.environment, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            wait_for_line(said, "Showing the test picture")
            chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium")
            person = new_person(
                chromium, "anna", language="en", base_url=system.base_url, screenshots=PICTURES
            )
            evaluator = Rep(**{name: getattr(person, name) for name in person.__dict__})
            evaluator.log_in("anna@lumen.example", found["password"])
            evaluator.open(found["room"])
            join(evaluator)
            received = wait_for_media(evaluator, within_s=60)
            evaluator.keep("sees-the-presenter")
            chromium.close()
            sessions_before = int(system.manage("shell", "--no-imports", "-c", COUNT_SESSIONS))
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(20)
        sessions_after = int(system.manage("shell", "--no-imports", "-c", COUNT_SESSIONS))

    assert received["frames"] > 10
    assert (code, said.read_text().splitlines()[-1]) == (0, "Left.")
    assert sessions_after == sessions_before - 1
