"""What others on the machine may read of our data: nothing."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from vmcrm import checks
from vmcrm.private_files import close_to_others
from vmcrm.supervisor.preparation import make_folders

NAMES = (
    "vmcrm.sqlite3", "vmcrm.sqlite3-wal", "vmcrm.sqlite3-shm", "media/photo.png", "mail/1.eml",
    "recordings/room/1.mkv", "recordings-2/room/1.mkv", "log/web.log", "run/up.lock",
    "secrets/secret_key", "tls/key.pem",
)  # fmt: skip


@pytest.fixture
def open_home(tmp_path: Path) -> Path:
    """As a version made it that knew nothing of this."""
    home = tmp_path / "home"
    for name in (*NAMES, "something/else.txt"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        path.chmod(0o644)
    for folder in (home, *(path for path in home.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    return home


def read_mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_start_closes_what_an_earlier_version_left_open(open_home):
    make_folders(open_home)

    own = [open_home / name for name in NAMES]
    assert {read_mode(path) for path in own} == {"0o600"}
    assert {
        read_mode(folder)
        for path in own
        for folder in path.parents
        if open_home in (folder, *folder.parents)
    } == {"0o700"}
    assert read_mode(open_home / "something" / "else.txt") == "0o644"


def test_second_start_finds_nothing_to_close(open_home):
    close_to_others(open_home)

    assert close_to_others(open_home) == 0


def test_link_out_of_the_folder_is_not_followed(open_home, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    outside.chmod(0o644)
    (open_home / "media" / "link").symlink_to(outside)
    (open_home / "run" / "gone").symlink_to(tmp_path / "nowhere")

    close_to_others(open_home)

    assert read_mode(outside) == "0o644"


def test_command_in_a_new_folder_leaves_its_database_private(tmp_path):
    home = tmp_path / "new" / "home"
    code = (
        "import sqlite3; from vmcrm.folders import HOME;"
        "sqlite3.connect(HOME / 'vmcrm.sqlite3').execute('CREATE TABLE t (x)')"
    )
    environment = {**os.environ, "VMCRM_HOME": str(home)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, umask=0o022)

    made = {path.relative_to(home).as_posix(): read_mode(path) for path in home.rglob("*")}
    assert read_mode(home) == "0o700"
    assert made["vmcrm.sqlite3"] == "0o600"
    assert set(made.values()) <= {"0o600", "0o700"}


def test_folder_that_others_read_is_named(open_home, settings):
    settings.HOME, settings.RELAY_RECORDINGS_DIR = open_home, str(open_home / "recordings")
    assert [message.id for message in checks.check_private_files(None)] == ["vmcrm.E005"]

    open_home.chmod(0o700)  # nobody comes past it, whatever lies below

    assert checks.check_private_files(None) == []


def test_recordings_elsewhere_that_others_read_are_named(open_home, settings, tmp_path):
    settings.HOME, settings.RELAY_RECORDINGS_DIR = tmp_path / "none", str(open_home)

    [message] = checks.check_private_files(None)

    assert message.msg == f"Other users of this machine can read the recordings in {open_home}."
    assert message.id == "vmcrm.W007"
