"""The relay runs where nothing of the web is installed."""

import subprocess
import sys

WITHOUT_THE_WEB = """
import runpy, sys

class Missing:
    names = "django channels celery rest_framework vmcrm crm meetings analytics".split()

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
sys.argv = ["media_relay", "--help"]
runpy.run_module("media_relay", run_name="__main__")
"""


def test_relay_without_django_shows_its_help():
    shown = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_WEB], capture_output=True, text=True, timeout=60
    )

    assert shown.returncode == 0, shown.stderr
    assert "--udp-port" in shown.stdout
