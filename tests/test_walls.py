"""The walls between the apps hold, and each contract notices what it is there for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("vmcrm", "analytics", "meetings", "crm", "media_relay")
# Contract, file that breaks it, the forbidden import.
VIOLATIONS = (
    ("vmcrm > analytics > meetings > crm", "crm/planted.py", "import meetings.permissions"),
    (
        "Upper apps call the lower apps' services",
        "meetings/planted.py",
        "from crm.models import Contact",
    ),
    (
        "Analytics never touches the models of meetings",
        "analytics/planted.py",
        "import meetings.models",
    ),
    ("The relay stands alone", "media_relay/planted.py", "import django.conf"),
    (
        "The relay is reached through its protocol",
        "meetings/planted.py",
        "import media_relay.server",
    ),
    (
        "The relay is reached through its protocol",
        "meetings/planted.py",
        "from media_relay import config",
    ),
    (
        "The relay is reached through its protocol",
        "vmcrm/planted.py",
        "import media_relay.protocol",
    ),
    ("Estimators are pure numerics", "analytics/estimators/planted.py", "import django.db"),
    ("Inside crm imports go down", "crm/models/planted.py", "import crm.services.errors"),
    (
        "Inside meetings imports go down",
        "meetings/services/planted.py",
        "import meetings.consumers",
    ),
    (
        "Inside analytics imports go down",
        "analytics/models/planted.py",
        "import analytics.datasets",
    ),
    ("No circle of imports", "crm/models/team.py", "import crm.models.contact"),
)


def run_lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(
        [program, "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.fixture
def copy_of_source(tmp_path):
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=lambda _, names: [name for name in names if name in {"static", "__pycache__"}],
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_as_the_source_stands_are_kept(copy_of_source):
    result = run_lint_imports(copy_of_source)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("contract", "file", "statement"),
    VIOLATIONS,
    ids=[f"{contract}: {statement}" for contract, _file, statement in VIOLATIONS],
)
def test_contract_with_a_planted_violation_is_broken(copy_of_source, contract, file, statement):
    with (copy_of_source / file).open("a") as source:
        source.write(f"\n{statement}\n")

    result = run_lint_imports(copy_of_source)

    broken = [line for line in result.stdout.splitlines() if " BROKEN" in line]
    assert result.returncode == 1
    assert any(line.startswith(contract) for line in broken), result.stdout
