"""`python -m vmcrm.web_server`, as the supervisor starts it."""

import os
import subprocess
import sys

from tests.processes import ROOT


def test_web_process_waits_for_the_database_less_than_workers(tmp_path):
    code = (
        "import vmcrm.web_server.__main__; from django.conf import settings;"
        "print(settings.DATABASES['default']['OPTIONS']['timeout'])"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if name != "VMCRM_DATABASE_WAIT_S"},
        "VMCRM_HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/vmcrm.sqlite3",
    }

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert int(done.stdout) == 4
