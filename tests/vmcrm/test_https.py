"""For how long browsers are told to come back over https only."""

import os
import subprocess
import sys

import pytest

from tests.processes import ROOT

YEAR_S = 365 * 24 * 3600


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({}, 0),
        ({"VMCRM_BASE_URL": "https://meet.example.com"}, YEAR_S),
        ({"VMCRM_BASE_URL": "https://meet.example.com", "VMCRM_HSTS_SECONDS": "60"}, 60),
        ({"VMCRM_BASE_URL": "https://10.0.0.7:8000", "VMCRM_LOCAL_NETWORK": "1"}, 0),
    ],
    ids=["plain http", "https", "as set", "certificate of our own"],
)
def test_https_only_is_for_sites_with_a_real_certificate(tmp_path, variables, seconds):
    code = "from vmcrm import settings; print(settings.SECURE_HSTS_SECONDS)"
    environment = {**os.environ, "VMCRM_HOME": str(tmp_path), **variables}

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert int(done.stdout) == seconds


def test_browser_is_told_over_https_and_not_over_http(client, settings):
    settings.SECURE_HSTS_SECONDS = YEAR_S

    assert client.get("/healthz", secure=True).headers["Strict-Transport-Security"] == (
        f"max-age={YEAR_S}"
    )
    assert "Strict-Transport-Security" not in client.get("/healthz").headers
